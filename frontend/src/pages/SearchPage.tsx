import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { searchVideos } from '../api/queries';
import { t } from '../i18n';
import { Icon } from '../ui/Icon';
import { Problem } from '../ui/Problem';
import { useNow } from '../ui/useNow';
import { useTitle } from '../ui/useTitle';
import { More } from '../videos/More';
import { marksOf } from '../videos/marks';
import { Skeletons } from '../videos/Skeletons';
import { VideoCard } from '../videos/VideoCard';

const route = getRouteApi('/search');

function countText(count: number, more: boolean): string {
  if (more) return t('search.count.more', { count });
  return count === 1 ? t('search.count.one') : t('search.count.other', { count });
}

export function SearchPage() {
  const { q } = route.useSearch();
  const query = q.trim();
  useTitle(query === '' ? t('search.title') : t('search.heading', { query }));
  const now = useNow();
  const list = useInfiniteQuery(searchVideos(query));
  const hits = query === '' ? [] : (list.data?.pages.flatMap((page) => page.items) ?? []);
  const settled = list.isSuccess && !list.isPlaceholderData;
  return (
    <div className="page">
      <h1 className="page-title">
        {query === '' ? t('search.title') : t('search.heading', { query })}
      </h1>
      <p className="page-lead" role="status">
        {query === '' && t('search.prompt')}
        {query !== '' && settled && hits.length > 0 && countText(hits.length, list.hasNextPage)}
      </p>
      {query !== '' && list.isPending && <Skeletons />}
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {query !== '' && settled && hits.length === 0 && (
        <div className="notice" role="status">
          <Icon name="search" />
          <h2>{t('search.empty.title', { query })}</h2>
          <p>{t('search.empty.hint')}</p>
        </div>
      )}
      <div className="grid" data-stale={list.isPlaceholderData}>
        {hits.map((hit) => (
          <VideoCard key={hit.video_id} video={hit} now={now} {...marksOf(hit)} />
        ))}
      </div>
      <More
        has={query !== '' && list.hasNextPage}
        loading={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </div>
  );
}
