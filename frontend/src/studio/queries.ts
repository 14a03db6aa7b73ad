import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import { unfinished } from '../api/queries';
import type { EditVideo, Video } from '../api/types';

const PAGE = 50;
const BUSY_MS = 2_000;
const IDLE_MS = 15_000;

interface Page {
  items: Video[];
  next_cursor?: string | null;
}

const busy = (pages: Page[] | undefined) =>
  pages?.some((page) => page.items.some(unfinished)) ?? false;

/** One's own films in any state: those with some words, or all, newest first. */
export const ownVideos = (words: string) =>
  infiniteQueryOptions({
    queryKey: ['studio', 'all', words],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }): Promise<Page> => {
      const page = { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      if (words === '')
        return unwrap(
          api.GET('/api/videos', { params: { query: { ...page, state: 'all' } }, signal }),
        );
      const query = { ...page, q: words, among: 'own' as const };
      return unwrap(api.GET('/api/search', { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: ({ state: { data } }) => (busy(data?.pages) ? BUSY_MS : IDLE_MS),
  });

/** What one threw away and can still take back. */
export const thrownAway = () =>
  queryOptions({
    queryKey: ['studio', 'thrown-away'],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/videos', {
          params: { query: { limit: PAGE, state: 'thrown_away' } },
          signal,
        }),
      ),
  });

/** A film, and by what an edit of it says which version it is of. */
export interface Edited {
  video: Video;
  etag: string;
}

export const editedKey = (id: string) => ['studio', 'edit', id];

export const editedVideo = (id: string) =>
  queryOptions({
    queryKey: editedKey(id),
    // What somebody is writing is not taken from under their hands.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    queryFn: async ({ signal }): Promise<Edited> => {
      const call = api.GET('/api/videos/{id}', { params: { path: { id } }, signal });
      const video = await unwrap(call);
      return { video, etag: (await call).response.headers.get('etag') ?? '*' };
    },
  });

export async function saveVideo(id: string, etag: string, body: EditVideo): Promise<Edited> {
  const params = { path: { id }, header: { 'if-match': etag } };
  const call = api.PATCH('/api/videos/{id}', { params, body });
  const video = await unwrap(call);
  return { video, etag: (await call).response.headers.get('etag') ?? '*' };
}

export const setVisibility = (id: string, visibility: Video['visibility']) =>
  unwrap(api.PATCH('/api/videos/{id}', { params: { path: { id } }, body: { visibility } }));

export const removeVideo = (id: string, forGood = false) =>
  unwrap(
    api.DELETE('/api/videos/{id}', { params: { path: { id }, query: { for_good: forGood } } }),
  );

export const restoreVideo = (id: string) =>
  unwrap(api.POST('/api/videos/{id}/restore', { params: { path: { id } } }));
