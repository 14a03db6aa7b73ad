import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useDeferredValue, useId, useState } from 'react';
import { SignedIn } from '../account/SignedIn';
import type { Video } from '../api/types';
import { t } from '../i18n';
import '../i18n/studio';
import { BulkBar } from '../studio/BulkBar';
import { ownVideos, removeVideo, setVisibility } from '../studio/queries';
import { StudioRow } from '../studio/StudioRow';
import { ThrownAway } from '../studio/ThrownAway';
import { Icon } from '../ui/Icon';
import { Problem } from '../ui/Problem';
import { useNow } from '../ui/useNow';
import { useTitle } from '../ui/useTitle';
import { More } from '../videos/More';
import '../styles/studio.css';

/** Does something with some films, one after the other, and tells how many did not take it. */
async function each(ids: string[], act: (id: string) => Promise<unknown>): Promise<void> {
  let failed = 0;
  let reason = '';
  for (const id of ids) {
    try {
      await act(id);
    } catch (error) {
      failed += 1;
      reason = error instanceof Error ? error.message : t('error.title');
    }
  }
  if (failed > 0) throw new Error(t('studio.bulk.failed', { failed, count: ids.length, reason }));
}

/** Which films are selected: of those that are shown. */
function useSelection(videos: Video[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const ids = videos.map((video) => video.video_id).filter((id) => chosen.has(id));
  const select = (id: string, selected: boolean) => {
    const next = new Set(chosen);
    if (selected) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  return { ids, has: (id: string) => chosen.has(id), select, none: () => setChosen(new Set()) };
}

function Studio() {
  const search = useId();
  const now = useNow();
  const [words, setWords] = useState('');
  const query = useDeferredValue(words.trim());
  const list = useInfiniteQuery(ownVideos(query));
  const videos = list.data?.pages.flatMap((page) => page.items) ?? [];
  const selection = useSelection(videos);
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries();
  const act = useMutation({
    mutationFn: ({ ids, what }: { ids: string[]; what: (id: string) => Promise<unknown> }) =>
      each(ids, what),
    onSettled: refresh,
  });
  return (
    <div className="page">
      <h1 className="page-title">{t('studio.title')}</h1>
      <div className="field studio-search">
        <label htmlFor={search}>{t('studio.search')}</label>
        <input
          id={search}
          type="search"
          maxLength={200}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      </div>
      {list.isError && videos.length === 0 && (
        <Problem error={list.error} onRetry={() => void list.refetch()} />
      )}
      {act.error && (
        <p className="studio-problem" role="alert">
          {act.error.message}
        </p>
      )}
      {selection.ids.length > 0 && (
        <BulkBar
          count={selection.ids.length}
          busy={act.isPending}
          onNone={selection.none}
          onVisibility={(visibility) =>
            act.mutate({ ids: selection.ids, what: (id) => setVisibility(id, visibility) })
          }
          onDelete={() => act.mutate({ ids: selection.ids, what: (id) => removeVideo(id) })}
        />
      )}
      {list.isSuccess && videos.length === 0 && <Nothing searched={query !== ''} />}
      <ul className="studio-list">
        {videos.map((video) => (
          <StudioRow
            key={video.video_id}
            video={video}
            now={now}
            selected={selection.has(video.video_id)}
            onSelect={(selected) => selection.select(video.video_id, selected)}
            onDelete={() => act.mutate({ ids: [video.video_id], what: (id) => removeVideo(id) })}
          />
        ))}
      </ul>
      <More
        has={list.hasNextPage}
        loading={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      <ThrownAway onChange={() => void refresh()} />
    </div>
  );
}

function Nothing({ searched }: { searched: boolean }) {
  if (searched) return <p role="status">{t('studio.none')}</p>;
  return (
    <div className="notice">
      <Icon name="film" />
      <h2>{t('studio.empty')}</h2>
      <p>{t('studio.empty.hint')}</p>
      <Link to="/upload" className="button">
        {t('home.empty.action')}
      </Link>
    </div>
  );
}

/** One's own films, in any state. */
export function StudioPage() {
  useTitle(t('studio.title'));
  return (
    <SignedIn>
      <Studio />
    </SignedIn>
  );
}
