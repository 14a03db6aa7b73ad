import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Suspense } from 'react';
import { useUser } from '../account/user';
import { latestVideos } from '../api/queries';
import { t } from '../i18n';
import { extra } from '../ui/extra';
import { Icon } from '../ui/Icon';
import { Problem } from '../ui/Problem';
import { useNow } from '../ui/useNow';
import { useTitle } from '../ui/useTitle';
import { More } from '../videos/More';
import { OwnStrip } from '../videos/OwnStrip';
import { Skeletons } from '../videos/Skeletons';
import { VideoCard } from '../videos/VideoCard';

const Continue = extra(() => import('../videos/Continue'));

export function HomePage() {
  useTitle(t('home.title'));
  const now = useNow();
  const list = useInfiniteQuery({ ...latestVideos(), refetchInterval: 15_000 });
  const videos = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="page">
      <Suspense>
        <Continue key={useUser()?.user_id} />
      </Suspense>
      <OwnStrip />
      <h1 className="page-title">{t('home.heading')}</h1>
      {list.isPending && <Skeletons />}
      {list.isError && videos.length === 0 && (
        <Problem error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.isSuccess && videos.length === 0 && <Empty />}
      {videos.length > 0 && (
        <div className="grid">
          {videos.map((video) => (
            <VideoCard key={video.video_id} video={video} now={now} />
          ))}
        </div>
      )}
      <More
        has={list.hasNextPage}
        loading={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </div>
  );
}

function Empty() {
  return (
    <div className="notice">
      <Icon name="film" />
      <h2>{t('home.empty.title')}</h2>
      <p>{t('home.empty.hint')}</p>
      <Link to="/upload" className="button">
        {t('home.empty.action')}
      </Link>
    </div>
  );
}
