import { useId } from 'react';
import { t } from '../i18n';
import '../i18n/upload';
import type { Details } from './task';
import { useAutosave } from './useAutosave';
import { VisibilityField } from './VisibilityField';

interface Props {
  videoId: string;
  initial: Details;
  onChange(details: Details): void;
}

/** Title and description, saved by themselves while the film uploads and afterwards. */
export function DetailsForm({ videoId, initial, onChange }: Props) {
  const id = useId();
  const { values, status, change } = useAutosave(videoId, initial, onChange);
  return (
    <form className="details" onSubmit={(event) => event.preventDefault()}>
      <div className="field">
        <label htmlFor={`${id}-title`}>{t('upload.field.title')}</label>
        <input
          id={`${id}-title`}
          name="title"
          maxLength={200}
          value={values.title}
          onChange={(event) => change({ title: event.currentTarget.value })}
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-description`}>{t('upload.field.description')}</label>
        <textarea
          id={`${id}-description`}
          name="description"
          rows={2}
          maxLength={5000}
          value={values.description}
          onChange={(event) => change({ description: event.currentTarget.value })}
        />
      </div>
      <VisibilityField videoId={videoId} />
      <p className="details-status" role="status" data-save={status.kind}>
        {status.kind === 'saving' && t('upload.saving')}
        {status.kind === 'saved' && t('upload.saved')}
        {status.kind === 'failed' && t('upload.save.failed', { reason: status.reason })}
      </p>
    </form>
  );
}
