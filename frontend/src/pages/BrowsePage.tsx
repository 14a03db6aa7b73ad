import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { Video } from '../api/types';
import { t } from '../i18n';
import '../i18n/studio';
import { Icon } from '../ui/Icon';
import { useTitle } from '../ui/useTitle';
import { FilmGrid, filmsOf } from '../videos/FilmGrid';

const route = getRouteApi('/browse/$by/$name');
const PAGE = 24;

type By = 'owner' | 'tag' | 'category' | 'language';
const WAYS: readonly string[] = ['owner', 'tag', 'category', 'language'];
const known = (by: string): by is By => WAYS.includes(by);

const browsed = (by: string, name: string) =>
  infiniteQueryOptions({
    queryKey: ['videos', 'browse', by, name],
    enabled: known(by),
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
  const list = useInfiniteQuery(browsed(by, name));
  const title = heading(by, name, filmsOf(list));
  useTitle(title);
  return (
    <div className="page">
      <h1 className="page-title">{title}</h1>
      {known(by) ? <FilmGrid list={list} empty={<Empty />} /> : <Empty />}
    </div>
  );
}

function Empty() {
  return (
    <div className="notice" role="status">
      <Icon name="film" />
      <h2>{t('browse.empty')}</h2>
      <p>{t('browse.empty.hint')}</p>
    </div>
  );
}
