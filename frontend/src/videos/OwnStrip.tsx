import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ownVideosInProgress } from '../api/queries';
import type { Video } from '../api/types';
import { t } from '../i18n';
import { Icon } from '../ui/Icon';
import { stateText } from './progress';
import { useSentBytes } from './useSentBytes';

/** The owner's films that are on their way, or did not make it. */
export function OwnStrip() {
  const { data = [] } = useQuery(ownVideosInProgress());
  const withSent = useSentBytes(data.some((video) => video.state === 'uploading'));
  if (data.length === 0) return null;
  return (
    <section className="own" aria-labelledby="own-title">
      <h2 id="own-title" className="own-title">
        {t('home.own')}
      </h2>
      <ul className="own-list">
        {data.map((video) => (
          <li key={video.video_id}>
            <OwnVideo video={withSent(video)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function OwnVideo({ video }: { video: Video }) {
  const { progress, state } = video;
  const [done, of] =
    state === 'uploading'
      ? [progress.uploaded_bytes ?? 0, progress.size_bytes ?? 0]
      : [progress.segments_done, progress.segments_total];
  return (
    <Link
      to="/watch/$id"
      params={{ id: video.video_id }}
      className="own-item"
      data-video={video.video_id}
      data-state={state}
    >
      <span className="own-picture">
        {video.poster_url ? (
          <img src={video.poster_url} alt="" />
        ) : (
          <Icon name={state === 'failed' ? 'alert' : 'film'} />
        )}
      </span>
      <span className="own-text">
        <span className="own-name">{video.title}</span>
        <span className="own-state">{stateText(video)}</span>
        {state === 'failed' ? (
          <span className="own-problem">{video.problem?.detail}</span>
        ) : (
          <progress
            className="bar"
            aria-label={stateText(video)}
            max={of || 1}
            value={of ? done : 0}
          />
        )}
      </span>
    </Link>
  );
}
