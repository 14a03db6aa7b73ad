import type { Video } from '../api/types';
import { t } from '../i18n';
import { VideoCard } from '../videos/VideoCard';

const MOST = 8;

/** What else there is, the next one first. */
export function MoreFilms({ videos, now }: { videos: readonly Video[]; now: Date }) {
  if (videos.length === 0) return null;
  return (
    <section className="more-films" aria-labelledby="more-films-title">
      <h2 id="more-films-title" className="more-films-title">
        {t('watch.more')}
      </h2>
      <div className="grid">
        {videos.slice(0, MOST).map((video) => (
          <VideoCard key={video.video_id} video={video} now={now} heading="h3" />
        ))}
      </div>
    </section>
  );
}
