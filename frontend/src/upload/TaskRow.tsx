import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import { unfinished } from '../api/queries';
import type { Video } from '../api/types';
import { t } from '../i18n';
import '../i18n/upload';
import { Icon } from '../ui/Icon';
import { ChooseAgain } from './ChooseAgain';
import { CopyLink } from './CopyLink';
import { DetailsForm } from './DetailsForm';
import { useSpeed, useTask } from './hooks';
import { type UploadItem, uploads } from './store';
import { isMoving, type TaskState } from './task';
import { madeOf, phaseText, type Step, steps, transferText, uploadPercent } from './view';

const POLL_MS = 1_500;

/** What became of the film after its last byte arrived. */
function useVideo(task: TaskState): Video | undefined {
  const id = task.upload?.video_id ?? '';
  const { data } = useQuery({
    queryKey: ['video', id],
    enabled: task.phase === 'stored',
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/videos/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state: { data: video } }) => {
      const made = video && madeOf(task.upload, video);
      const going = !made || unfinished(made) || (made.state === 'live' && !made.complete);
      return going ? POLL_MS : false;
    },
  });
  return data && madeOf(task.upload, data);
}

export function TaskRow({ item }: { item: Extract<UploadItem, { kind: 'task' }> }) {
  const { task } = item;
  const state = useTask(task);
  const speed = useSpeed(task);
  const video = useVideo(state);
  const { upload, phase, failure } = state;
  const { name, size } = task.file;
  const problem = failure?.text ?? video?.problem?.detail;
  const watchable = video?.state === 'playable' || video?.state === 'live';
  return (
    <article
      className="upload"
      aria-label={name}
      data-upload={upload?.upload_id}
      data-video={upload?.video_id}
      data-phase={phase}
      data-video-state={video?.state}
    >
      <header className="upload-head">
        <h2 className="upload-name">{name}</h2>
        <p className="upload-facts">{transferText(state, size, speed).join(' · ')}</p>
      </header>
      <Bar state={state} video={video} name={name} size={size} />
      <Steps steps={steps(state, video)} percent={uploadPercent(state, size)} />
      {problem ? (
        <p className="upload-problem" role="alert">
          <Icon name="alert" />
          <span>{problem}</span>
        </p>
      ) : (
        <p className="upload-phase">{phaseText(state, video)}</p>
      )}
      {upload && !task.replaces && phase !== 'canceled' && (
        <DetailsForm
          key={upload.video_id}
          videoId={upload.video_id}
          initial={state.details ?? upload}
          onChange={(details) => task.describe(details)}
        />
      )}
      <div className="upload-actions">
        {upload && watchable && (
          <Link to="/watch/$id" params={{ id: upload.video_id }} className="button">
            {t('upload.watch')}
          </Link>
        )}
        {failure?.remedy === 'again' && (
          <button type="button" className="button" onClick={() => uploads.retry(item)}>
            {t('upload.retry')}
          </button>
        )}
        {upload && failure?.remedy === 'file' && (
          <ChooseAgain upload={upload} onChoose={(chosen) => uploads.resume(upload, chosen)} />
        )}
        {upload && <CopyLink address={upload.watch_url} />}
        {isMoving(phase) && phase !== 'completing' ? (
          <button
            type="button"
            className="button button-quiet"
            aria-label={t('upload.cancel.name', { name })}
            onClick={() => void uploads.cancel(item)}
          >
            {t('upload.cancel')}
          </button>
        ) : (
          !isMoving(phase) && (
            <button
              type="button"
              className="button button-quiet"
              aria-label={t('upload.remove.name', { name })}
              onClick={() => uploads.remove(item)}
            >
              {t('upload.remove')}
            </button>
          )
        )}
      </div>
    </article>
  );
}

interface BarProps {
  state: TaskState;
  video: Video | undefined;
  name: string;
  size: number;
}

/** How much is sent, then how much is prepared. */
function Bar({ state, video, name, size }: BarProps) {
  if (state.phase !== 'stored') {
    return (
      <progress
        className="bar"
        aria-label={t('upload.progress', { name })}
        max={size || 1}
        value={Math.min(state.sentBytes, size * 0.995)}
      />
    );
  }
  const { segments_done: done, segments_total: total } = video?.progress ?? {};
  if (!video || !done || !total || video.complete || video.state === 'failed') return null;
  return <progress className="bar" aria-label={phaseText(state, video)} max={total} value={done} />;
}

function Steps({ steps, percent }: { steps: Step[]; percent: string }) {
  return (
    <ol className="steps">
      {steps.map(({ name, state }) => (
        <li
          key={name}
          className="step"
          data-step={name}
          data-state={state}
          aria-current={state === 'now' ? 'step' : undefined}
        >
          {t(`upload.step.${name}`)}
          {name === 'upload' && state !== 'done' && <span className="step-percent">{percent}</span>}
          {state === 'done' && <Icon name="check" />}
        </li>
      ))}
    </ol>
  );
}
