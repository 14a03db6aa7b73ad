import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { Video } from '../api/types';
import { t } from '../i18n';
import '../i18n/studio';
import { Icon } from '../ui/Icon';
import { Problem } from '../ui/Problem';
import { useNow } from '../ui/useNow';
import { useTitle } from '../ui/useTitle';
import { More } from '../videos/More';
import { Skeletons } from '../videos/Skeletons';
import { VideoCard } from '../videos/VideoCard';

const route = getRouteApi('/browse/$by/$name');
const PAGE = 24;

type By = 'owner' | 'tag' | 'category' | 'language';
const WAYS: readonly string[] = ['owner', 'tag', 'category', 'language'];

const browsed = (by: string, name: string) =>
  infiniteQueryOptions({
    queryKey: ['videos', 'browse', by, name],
    enabled: WAYS.includes(by),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = {
        limit: PAGE,
        [by as By]: name,
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return unwrap(api.GET('/api/videos', { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

function heading(by: string, name: string, videos: Video[]): string {
  if (by === 'tag') return t('browse.tag', { name });
  if (by === 'owner') return t('browse.films', { name: videos[0]?.owner_name ?? '…' });
  return name;
}

/** Films of one owner, with one tag, of one category or in one language. */
export function BrowsePage() {
  const { by, name } = route.useParams();
  const now = useNow();
  const list = useInfiniteQuery(browsed(by, name));
  const videos = list.data?.pages.flatMap((page) => page.items) ?? [];
  const title = heading(by, name, videos);
  useTitle(title);
  return (
    <div className="page">
      <h1 className="page-title">{title}</h1>
      {list.isLoading && <Skeletons />}
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {!list.isLoading && !list.isError && videos.length === 0 && (
        <div className="notice" role="status">
          <Icon name="film" />
          <h2>{t('browse.empty')}</h2>
          <p>{t('browse.empty.hint')}</p>
        </div>
      )}
      <div className="grid">
        {videos.map((video) => (
          <VideoCard key={video.video_id} video={video} now={now} />
        ))}
      </div>
      <More
        has={list.hasNextPage}
        loading={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </div>
  );
}
