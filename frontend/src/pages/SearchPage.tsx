import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { searchVideos } from '../api/queries';
import { t } from '../i18n';
import { Icon } from '../ui/Icon';
import { useTitle } from '../ui/useTitle';
import { FilmGrid, filmsOf } from '../videos/FilmGrid';
import { marksOf } from '../videos/marks';

const route = getRouteApi('/search');

function countText(count: number, more: boolean): string {
  if (more) return t('search.count.more', { count });
  return count === 1 ? t('search.count.one') : t('search.count.other', { count });
}

export function SearchPage() {
  const { q } = route.useSearch();
  const query = q.trim();
  useTitle(query === '' ? t('search.title') : t('search.heading', { query }));
  const list = useInfiniteQuery(searchVideos(query));
  const hits = query === '' ? 0 : filmsOf(list).length;
  const settled = list.isSuccess && !list.isPlaceholderData;
  return (
    <div className="page">
      <h1 className="page-title">
        {query === '' ? t('search.title') : t('search.heading', { query })}
      </h1>
      <p className="page-lead" role="status">
        {query === '' && t('search.prompt')}
        {query !== '' && settled && hits > 0 && countText(hits, list.hasNextPage)}
      </p>
      {query !== '' && <FilmGrid list={list} empty={<Nothing query={query} />} marks={marksOf} />}
    </div>
  );
}

function Nothing({ query }: { query: string }) {
  return (
    <div className="notice" role="status">
      <Icon name="search" />
      <h2>{t('search.empty.title', { query })}</h2>
      <p>{t('search.empty.hint')}</p>
    </div>
  );
}
