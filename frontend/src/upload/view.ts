import type { Upload, Video } from '../api/types';
import { t } from '../i18n';
import '../i18n/upload';
import { bytes, percent, roughDuration } from '../lib/format';
import { preparedPercent } from '../videos/progress';
import type { TaskState } from './task';

export type StepName = 'upload' | 'process' | 'playable' | 'live' | 'complete';
export type StepState = 'done' | 'now' | 'todo' | 'failed';

export interface Step {
  name: StepName;
  state: StepState;
}

const STEPS: StepName[] = ['upload', 'process', 'playable', 'live', 'complete'];

/** What becomes of an upload: the video, or what is to replace it until it does. */
export function madeOf(upload: Upload | undefined, video: Video): Video | undefined {
  if (!upload || upload.revision <= (video.revision ?? 1)) return video;
  const { replacement } = video;
  if (replacement?.revision !== upload.revision) return undefined;
  const { state, progress, problem } = replacement;
  return { ...video, state, progress, problem: problem ?? null, complete: false };
}

/** How many of the steps are behind this film. */
function stepsDone(task: TaskState, video: Video | undefined): number {
  if (task.phase !== 'stored') return 0;
  if (video?.complete && video.state === 'live') return 5;
  switch (video?.state) {
    case 'live':
      return 4;
    case 'playable':
      return 3;
    default:
      return 1;
  }
}

/** The way from a file to a film, as a row of steps. */
export function steps(task: TaskState, video: Video | undefined): Step[] {
  const done = stepsDone(task, video);
  const failed = task.phase === 'failed' || video?.state === 'failed';
  return STEPS.map((name, index) => {
    if (index < done) return { name, state: 'done' };
    if (index > done) return { name, state: 'todo' };
    return { name, state: failed ? 'failed' : 'now' };
  });
}

/** One sentence on where it stands. */
export function phaseText(task: TaskState, video: Video | undefined): string {
  const { phase, retryInMs } = task;
  if (phase === 'waiting') {
    return t('upload.phase.waiting', { seconds: Math.ceil((retryInMs ?? 0) / 1000) });
  }
  if (phase !== 'stored') return t(`upload.phase.${phase}`);
  if (!video || video.state === 'uploading') return t('upload.phase.stored');
  if (video.state === 'failed') return t('upload.phase.failed');
  if (video.complete && video.state === 'live') return t('upload.phase.complete');
  if (video.state === 'processing' && video.progress.segments_total === 0) {
    return t('upload.phase.stored');
  }
  if (video.state === 'deleted') return t('state.deleted');
  return t(`upload.phase.${video.state}`, { percent: preparedPercent(video) });
}

/** Sent, speed and time left, as far as they are known. */
export function transferText(task: TaskState, size: number, speed?: number): string[] {
  const texts = [t('upload.of', { sent: bytes(task.sentBytes), size: bytes(size) })];
  if (task.phase !== 'uploading' || speed === undefined) return texts;
  if (speed < 1) return [...texts, t('upload.stalled')];
  texts.push(t('upload.speed', { speed: bytes(speed) }));
  texts.push(t('upload.left', { time: roughDuration((size - task.sentBytes) / speed) }));
  return texts;
}

/** 100 % is only shown once the server said that it has everything. */
export function uploadPercent(task: TaskState, size: number): string {
  if (task.phase === 'stored') return percent(1, 1);
  return percent(Math.min(task.sentBytes, size * 0.99), size);
}
