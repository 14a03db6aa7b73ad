import { useId, useState } from 'react';
import type { Visibility } from '../api/types';
import { t } from '../i18n';
import '../i18n/studio';

/** What many films can be at a time: a password is chosen for one. */
const VISIBILITIES: Visibility[] = ['public', 'unlisted', 'shared', 'private'];

interface Props {
  count: number;
  busy: boolean;
  onVisibility(visibility: Visibility): void;
  onDelete(): void;
  onNone(): void;
}

/** What can be done with all films that are selected. */
export function BulkBar({ count, busy, onVisibility, onDelete, onNone }: Props) {
  const id = useId();
  const [visibility, setVisibility] = useState<Visibility>('private');
  const [sure, setSure] = useState(false);
  return (
    <section className="studio-bulk" aria-label={t('studio.bulk')}>
      <p role="status">{t('studio.selected', { count })}</p>
      <label htmlFor={id}>{t('studio.bulk.visibility')}</label>
      <select
        id={id}
        value={visibility}
        onChange={(event) => setVisibility(event.currentTarget.value as Visibility)}
      >
        {VISIBILITIES.map((one) => (
          <option key={one} value={one}>
            {t(`studio.visibility.${one}`)}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="button"
        aria-disabled={busy}
        onClick={() => busy || onVisibility(visibility)}
      >
        {t('studio.bulk.apply')}
      </button>
      {sure ? (
        <>
          <p role="alert">{t('studio.delete.sure.all', { count })}</p>
          <button
            type="button"
            className="button button-danger"
            aria-disabled={busy}
            onClick={() => {
              setSure(false);
              if (!busy) onDelete();
            }}
          >
            {t('studio.delete')}
          </button>
          <button type="button" className="button button-quiet" onClick={() => setSure(false)}>
            {t('studio.delete.keep')}
          </button>
        </>
      ) : (
        <button type="button" className="button button-quiet" onClick={() => setSure(true)}>
          {t('studio.delete')}
        </button>
      )}
      <button type="button" className="button button-quiet" onClick={onNone}>
        {t('studio.selected.none')}
      </button>
    </section>
  );
}
