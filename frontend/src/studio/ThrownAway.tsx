import { useMutation, useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { t } from '../i18n';
import '../i18n/studio';
import { removeVideo, restoreVideo, thrownAway } from './queries';

/** Films that can still be taken back; nothing where there are none. */
export function ThrownAway({ onChange }: { onChange(): void }) {
  const id = useId();
  const { data } = useQuery(thrownAway());
  const act = useMutation({
    mutationFn: ({ id, restore }: { id: string; restore: boolean }) =>
      restore ? restoreVideo(id) : removeVideo(id, true),
    onSettled: onChange,
  });
  if (!data || data.items.length === 0) return null;
  return (
    <section className="studio-thrown" aria-labelledby={id}>
      <h2 id={id}>{t('studio.thrown-away')}</h2>
      <ul className="studio-list">
        {data.items.map(({ video_id, title }) => (
          <li key={video_id} className="studio-row" data-video={video_id}>
            <div className="studio-text">{title}</div>
            <div className="studio-actions">
              <button
                type="button"
                className="button"
                aria-label={t('studio.restore.name', { title })}
                onClick={() => act.mutate({ id: video_id, restore: true })}
              >
                {t('studio.restore')}
              </button>
              <button
                type="button"
                className="button button-quiet"
                aria-label={t('studio.for-good.name', { title })}
                onClick={() => act.mutate({ id: video_id, restore: false })}
              >
                {t('studio.for-good')}
              </button>
            </div>
          </li>
        ))}
      </ul>
      {act.error && <p role="alert">{act.error.message}</p>}
    </section>
  );
}
