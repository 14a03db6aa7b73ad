import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Video } from '../api/types';
import { t } from '../i18n';
import '../i18n/studio';
import { age, bytes } from '../lib/format';
import { Icon } from '../ui/Icon';
import { stateText } from '../videos/progress';

interface Props {
  video: Video;
  now: Date;
  selected: boolean;
  onSelect(selected: boolean): void;
  onDelete(): void;
}

/** One of one's films, and what can be done with it. */
export function StudioRow({ video, now, selected, onSelect, onDelete }: Props) {
  const [sure, setSure] = useState(false);
  const { title, video_id: id } = video;
  const size = video.progress.size_bytes;
  return (
    <li className="studio-row" data-video={id} data-state={video.state}>
      <input
        type="checkbox"
        checked={selected}
        aria-label={t('studio.select', { title })}
        onChange={(event) => onSelect(event.currentTarget.checked)}
      />
      <span className="studio-picture">
        {video.poster_url ? (
          <img src={video.poster_url} alt="" loading="lazy" />
        ) : (
          <Icon name="film" />
        )}
      </span>
      <div className="studio-text">
        <Link to="/watch/$id" params={{ id }} className="studio-name">
          {title}
        </Link>
        <p className="studio-facts">
          <span className="studio-visibility">{t(`studio.visibility.${video.visibility}`)}</span>
          {' · '}
          {stateText(video)} · {age(new Date(video.created_at), now)}
          {size != null && <> · {bytes(size)}</>}
        </p>
        {video.problem && <p className="studio-problem">{video.problem.detail}</p>}
      </div>
      {sure ? (
        <div className="studio-actions">
          <p role="alert">{t('studio.delete.sure', { title })}</p>
          <button type="button" className="button button-danger" onClick={onDelete}>
            {t('studio.delete')}
          </button>
          <button type="button" className="button button-quiet" onClick={() => setSure(false)}>
            {t('studio.delete.keep')}
          </button>
        </div>
      ) : (
        <div className="studio-actions">
          <Link
            to="/studio/$id"
            params={{ id }}
            className="button button-quiet"
            aria-label={t('studio.edit.name', { title })}
          >
            {t('studio.edit')}
          </Link>
          <button
            type="button"
            className="button button-quiet"
            aria-label={t('studio.delete.name', { title })}
            onClick={() => setSure(true)}
          >
            {t('studio.delete')}
          </button>
        </div>
      )}
    </li>
  );
}
