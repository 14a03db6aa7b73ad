import { useQuery } from '@tanstack/react-query';
import { useId, useRef } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { Video } from '../api/types';
import { t } from '../i18n';
import '../i18n/studio';
import { useTask, useUploads } from '../upload/hooks';
import { type UploadItem, uploads } from '../upload/store';
import { isMoving } from '../upload/task';
import { phaseText, uploadPercent } from '../upload/view';
import { preparedPercent } from '../videos/progress';

const BUSY_MS = 2_000;

type TaskItem = Extract<UploadItem, { kind: 'task' }>;

/** How a film gets another file. */
export function ReplaceFile({ id }: { id: string }) {
  const heading = useId();
  const input = useRef<HTMLInputElement>(null);
  const item = useUploads().find(
    (one): one is TaskItem => one.kind === 'task' && one.task.replaces === id,
  );
  return (
    <section className="edit-file" aria-labelledby={heading}>
      <h2 id={heading}>{t('replace.title')}</h2>
      <p className="field-hint">{t('replace.hint')}</p>
      {item ? <Sending key={item.key} item={item} id={id} /> : <Prepared id={id} />}
      <button type="button" className="button button-quiet" onClick={() => input.current?.click()}>
        {t('replace.choose')}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={t('replace.input')}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          // The same file may be chosen again.
          event.currentTarget.value = '';
          // Of several files the last one counts.
          if (item) void uploads.cancel(item);
          if (file) uploads.replace({ file }, id);
        }}
      />
    </section>
  );
}

/** A file on its way from this page. */
function Sending({ item, id }: { item: TaskItem; id: string }) {
  const state = useTask(item.task);
  const { name, size } = item.task.file;
  if (state.phase === 'stored') return <Prepared id={id} revision={state.upload?.revision} />;
  return (
    <>
      {state.failure ? (
        <p className="studio-problem" role="alert">
          {state.failure.text}
        </p>
      ) : (
        <p role="status">
          {name}: {phaseText(state, undefined)} {uploadPercent(state, size)}
        </p>
      )}
      {isMoving(state.phase) && (
        <progress
          className="bar"
          aria-label={t('upload.progress', { name })}
          max={size || 1}
          value={Math.min(state.sentBytes, size * 0.995)}
        />
      )}
      <div className="upload-actions">
        {state.failure?.remedy === 'again' && (
          <button type="button" className="button" onClick={() => uploads.retry(item)}>
            {t('upload.retry')}
          </button>
        )}
        <button
          type="button"
          className="button button-quiet"
          onClick={() => void uploads.cancel(item)}
        >
          {t('replace.cancel')}
        </button>
      </div>
    </>
  );
}

/** Whether the file that was sent as `revision`, if any was, is still to be heard of. */
const isPending = (video: Video | undefined, revision: number) =>
  !video ||
  (video.replacement
    ? video.replacement.state !== 'failed'
    : (video.revision ?? 1) < revision && video.state !== 'deleted');

/** What becomes of a file that was sent, from here or elsewhere. */
function Prepared({ id, revision = 1 }: { id: string; revision?: number | undefined }) {
  const { data: video } = useQuery({
    queryKey: ['studio', 'file', id],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/videos/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state: { data } }) => (isPending(data, revision) ? BUSY_MS : false),
  });
  const replacement = video?.replacement;
  if (replacement?.problem)
    return (
      <p className="studio-problem" role="alert">
        {replacement.problem.detail}
      </p>
    );
  if (!video || !replacement)
    return (
      <p role="status">{revision > 1 && (video?.revision ?? 1) >= revision && t('replace.done')}</p>
    );
  if (replacement.state === 'uploading') return <p role="status">{t('replace.uploading')}</p>;
  const { segments_done: done, segments_total: total } = replacement.progress;
  const percent = preparedPercent({ ...video, ...replacement, complete: false });
  const text = t('replace.preparing', { percent });
  return (
    <>
      <p role="status">{text}</p>
      {total > 0 && <progress className="bar" aria-label={text} max={total} value={done} />}
    </>
  );
}
