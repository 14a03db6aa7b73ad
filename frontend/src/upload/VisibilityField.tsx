import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { Visibility } from '../api/types';
import { t } from '../i18n';
import '../i18n/upload';

/** With whom it is shared, and by which password, is said in the studio. */
const CHOICES = ['public', 'unlisted', 'private'] as const;

const AGAIN_MS = 1_000;
/** Among how many of the newest films it is looked for. */
const NEWEST = 100;

/** Who sees a film, from its first byte on. */
export function VisibilityField({ videoId }: { videoId: string }) {
  const id = useId();
  const queries = useQueryClient();
  const params = { path: { id: videoId } };
  const key = ['video', videoId, 'visibility'];
  const { data } = useQuery({
    queryKey: key,
    // The catalogue hears of an upload a moment after it began: asked for by itself, the film would not
    // be there yet.
    queryFn: async ({ signal }) => {
      const query = { state: 'all', limit: NEWEST } as const;
      const own = await unwrap(api.GET('/api/videos', { params: { query }, signal }));
      return own.items.find((video) => video.video_id === videoId)?.visibility ?? null;
    },
    refetchInterval: ({ state }) => (state.data === null ? AGAIN_MS : false),
  });
  const save = useMutation({
    mutationFn: (visibility: Visibility) =>
      unwrap(api.PATCH('/api/videos/{id}', { params, body: { visibility } })),
    onSuccess: (video) => queries.setQueryData(key, video.visibility),
  });
  if (!data) return null;
  const shown = save.isPending ? save.variables : data;
  const choices: readonly Visibility[] = CHOICES.some((one) => one === shown)
    ? CHOICES
    : [shown, ...CHOICES];
  return (
    <div className="field">
      <label htmlFor={id}>{t('upload.field.visibility')}</label>
      <select
        id={id}
        value={shown}
        onChange={(event) => save.mutate(event.currentTarget.value as Visibility)}
      >
        {choices.map((one) => (
          <option key={one} value={one}>
            {t(`upload.visibility.${one}`)}
          </option>
        ))}
      </select>
      {save.error && <p role="alert">{save.error.message}</p>}
    </div>
  );
}
