import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Video } from '../api/types';
import { Problem } from '../ui/Problem';
import { useNow } from '../ui/useNow';
import { More } from './More';
import { Skeletons } from './Skeletons';
import { type Marked, VideoCard } from './VideoCard';

export type FilmList<V extends Video> = UseInfiniteQueryResult<InfiniteData<{ items: V[] }>>;

interface Props<V extends Video> {
  list: FilmList<V>;
  /** What is said where there are none. */
  empty: ReactNode;
  /** What was found in a film. */
  marks?: (video: V) => { title: Marked[] | undefined; excerpt: Marked[] | undefined };
}

export const filmsOf = <V extends Video>(list: FilmList<V>): V[] =>
  list.data?.pages.flatMap((page) => page.items) ?? [];

/** A list of films as cards, page by page; before it is there, and when it cannot be had. */
export function FilmGrid<V extends Video>({ list, empty, marks }: Props<V>) {
  const now = useNow();
  const videos = filmsOf(list);
  return (
    <>
      {list.isPending && <Skeletons />}
      {list.isError && videos.length === 0 && (
        <Problem error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.isSuccess && !list.isPlaceholderData && videos.length === 0 && empty}
      {videos.length > 0 && (
        <div className="grid" data-stale={list.isPlaceholderData}>
          {videos.map((video) => (
            <VideoCard key={video.video_id} video={video} now={now} {...marks?.(video)} />
          ))}
        </div>
      )}
      <More
        has={list.hasNextPage}
        loading={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </>
  );
}
