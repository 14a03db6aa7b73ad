import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useIsSomebody } from '../account/user';
import { ownVideosInProgress } from '../api/queries';
import type { Video } from '../api/types';
import { t } from '../i18n';
import { Icon } from '../ui/Icon';
import { dismissed, useDismissed } from './dismissed';
import { stateText } from './progress';
import { useSentBytes } from './useSentBytes';

/** The owner's films that are on their way, or did not make it. */
export function OwnStrip() {
  const enabled = useIsSomebody();
  const { data = [] } = useQuery({ ...ownVideosInProgress(), enabled });
  const withSent = useSentBytes(data.some((video) => video.state === 'uploading'));
  const hidden = useDismissed();
  const videos = data.filter((one) => one.state !== 'failed' || !hidden.includes(one.video_id));
  if (videos.length === 0) return null;
  return (
    <section className="own" aria-labelledby="own-title">
      <h2 id="own-title" className="own-title">
        {t('home.own')}
      </h2>
      <ul className="own-list">
        {videos.map((video) => (
          <li key={video.video_id} className="own-place">
            <OwnVideo video={withSent(video)} />
            {video.state === 'failed' && <Dismiss video={video} />}
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
        <span className="own-state">
          {(state === 'failed' && video.problem?.title) || stateText(video)}
        </span>
        {state === 'failed' ? (
          <span className="own-problem">{video.problem?.detail ?? t('home.failed.hint')}</span>
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

/** Only hides it here: the film and its reason stay at its address. */
function Dismiss({ video }: { video: Video }) {
  return (
    <button
      type="button"
      className="close own-dismiss"
      aria-label={t('home.dismiss.name', { title: video.title })}
      title={t('home.dismiss')}
      onClick={() => dismissed.add(video.video_id)}
    >
      <Icon name="close" />
    </button>
  );
}
