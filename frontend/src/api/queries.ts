import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { unlocking } from '../watch/unlocking';
import { api } from './client';
import { ApiError, unwrap } from './problem';
import type { Video, Watch } from './types';

const PAGE = 24;
const BUSY_MS = 2_000;
/** Somebody waits for the first picture. */
const WAITING_MS = 1_000;
const IDLE_MS = 30_000;

export const unfinished = (video: Video) =>
  video.state === 'uploading' ||
  video.state === 'processing' ||
  (video.state === 'playable' && !video.complete);

export const latestVideos = () =>
  infiniteQueryOptions({
    queryKey: ['videos', 'latest'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET('/api/videos', {
          params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** The owner's films that are not simply live: being uploaded, being prepared, failed. */
export const ownVideosInProgress = () =>
  queryOptions({
    queryKey: ['videos', 'own'],
    queryFn: async ({ signal }) => {
      const page = await unwrap(
        api.GET('/api/videos', { params: { query: { limit: PAGE, state: 'all' } }, signal }),
      );
      return page.items.filter((video) => unfinished(video) || video.state === 'failed');
    },
    refetchInterval: (query) => (query.state.data?.some(unfinished) ? BUSY_MS : IDLE_MS),
  });

export const unfinishedUploads = () =>
  queryOptions({
    queryKey: ['uploads'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/uploads', { signal })),
  });

export const searchVideos = (text: string) =>
  infiniteQueryOptions({
    queryKey: ['search', text],
    enabled: text !== '',
    initialPageParam: undefined as string | undefined,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET('/api/search', {
          params: { query: { q: text, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const watchKey = (id: string) => ['watch', id];

const stillChanging = (watch: Watch | undefined) =>
  watch !== undefined &&
  !watch.video.complete &&
  watch.video.state !== 'failed' &&
  watch.video.state !== 'deleted';

/** Whether what is missing is the film's password. */
export const takesPassword = (error: unknown) =>
  error instanceof ApiError && error.type === '/problems/password-required';

export const watchVideo = (id: string) =>
  queryOptions({
    queryKey: watchKey(id),
    queryFn: async ({ signal }) => {
      const headers = unlocking(id);
      const call = api.GET('/api/watch/{id}', { params: { path: { id } }, headers, signal });
      return (await unwrap(call)) as Watch;
    },
    // A link is valid from the first byte on, but the catalogue may hear of it a moment later.
    retry: (count, error) => count < 2 && !takesPassword(error),
    retryDelay: 700,
    // What is ready changes quickly at first: look often, but only until everything is there.
    refetchInterval: ({ state: { data } }) => {
      if (!stillChanging(data)) return false;
      return data?.playback ? BUSY_MS : WAITING_MS;
    },
  });
