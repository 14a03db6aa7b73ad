import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { ApiError } from '../api/problem';
import { latestVideos, takesPassword, watchVideo } from '../api/queries';
import type { Video, Watch } from '../api/types';
import { t } from '../i18n';
import '../i18n/watch';
import { age, clock } from '../lib/format';
import { preloadEngine } from '../player/engine';
import { browserMemory } from '../player/memory';
import { Player } from '../player/Player';
import { Problem } from '../ui/Problem';
import { useNow } from '../ui/useNow';
import { useTitle } from '../ui/useTitle';
import { preparedPercent } from '../videos/progress';
import { About } from '../watch/About';
import { Description } from '../watch/Description';
import { MoreFilms } from '../watch/MoreFilms';
import { Failed, Waiting } from '../watch/Notices';
import { after } from '../watch/order';
import { NotFoundPage } from './NotFoundPage';

const route = getRouteApi('/watch/$id');
const Locked = lazy(async () => ({ default: (await import('../watch/Locked')).Locked }));
const memory = browserMemory();

export function WatchPage() {
  const { id } = route.useParams();
  const { engine } = route.useSearch();
  useEffect(() => preloadEngine(engine), [engine]);
  const watch = useQuery(watchVideo(id));
  useTitle(watch.data?.video.title ?? t('watch.title'));
  const gone =
    (watch.error instanceof ApiError && [400, 404, 410].includes(watch.error.status)) ||
    watch.data?.video.state === 'deleted';
  if (gone) return <NotFoundPage title={t('watch.gone.title')} hint={t('watch.gone.hint')} />;
  if (takesPassword(watch.error))
    return (
      <Suspense>
        <Locked key={id} id={id} />
      </Suspense>
    );
  // A poll that failed does not take the film away.
  if (watch.data) return <Film key={id} watch={watch.data} />;
  if (watch.isError) return <Problem error={watch.error} onRetry={() => void watch.refetch()} />;
  return (
    <div className="watch" role="status" aria-label={t('watch.loading')}>
      <div className="stage skeleton" />
    </div>
  );
}

function Film({ watch }: { watch: Watch }) {
  const { video } = watch;
  const { t: startAt, engine } = route.useSearch();
  const [theatre, setTheatre] = useState(() => memory.preferences().theatre);
  const [jump, setJump] = useState<{ to: number }>();
  const now = useNow();
  const others = useOthers(video.video_id);
  const goTo = useGoTo();
  const playback = watch.playback;
  // Once planned, the manifests are complete: it can be played whatever is still missing.
  const planned = playback != null && video.renditions.length + (video.duration_s ?? 0) > 0;
  const shown = new Date(video.published_at ?? video.created_at);
  const toggleTheatre = () => {
    memory.remember({ theatre: !theatre });
    setTheatre(!theatre);
  };
  return (
    <div
      className="watch"
      data-theatre={theatre}
      data-video={video.video_id}
      data-video-state={video.state}
    >
      <div className="stage">
        {video.state === 'failed' ? (
          <Failed video={video} />
        ) : planned ? (
          <Player
            video={video}
            playback={playback}
            availability={watch.availability ?? undefined}
            startAt={startAt}
            jump={jump}
            engine={engine}
            theatre={theatre}
            onTheatre={toggleTheatre}
            onFilm={(direction) => goTo(others.at(direction === 1 ? 0 : -1))}
          />
        ) : (
          <Waiting video={video} />
        )}
      </div>
      <div className="watch-text">
        <h1 className="watch-title">{video.title}</h1>
        <p className="watch-facts">
          <time dateTime={shown.toISOString()}>{age(shown, now)}</time>
          {video.duration_s != null && <span> · {clock(video.duration_s)}</span>}
        </p>
        <About video={video} />
        <p className="watch-state" role="status">
          {planned &&
            !video.complete &&
            video.state !== 'failed' &&
            t('watch.preparing', { percent: preparedPercent(video) })}
        </p>
        <Description
          text={video.description}
          id={video.video_id}
          onTime={(to) => setJump({ to })}
        />
      </div>
      <MoreFilms videos={others} now={now} />
    </div>
  );
}

function useOthers(id: string): Video[] {
  const { data } = useInfiniteQuery(latestVideos());
  return after(data?.pages.flatMap((page) => page.items) ?? [], id);
}

function useGoTo() {
  const navigate = useNavigate();
  return (video: Video | undefined): boolean => {
    if (video) void navigate({ to: '/watch/$id', params: { id: video.video_id } });
    return video !== undefined;
  };
}
