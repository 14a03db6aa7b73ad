import type { Upload } from '../api/types';
import { browserPause } from './backoff';
import { type Chosen, forgetHandle, openHandle, recallHandle, rememberHandle } from './handles';
import { WorkerHasher } from './hasher';
import { Slots } from './slots';
import { isMoving, type TaskDeps, UploadTask } from './task';
import { httpTransport } from './transport';
import { began } from './underway';

const FILES_AT_ONCE = 2;

/** One row of the list: a running task, or an upload the server remembers and nobody feeds. */
export type UploadItem =
  | { kind: 'task'; key: string; task: UploadTask }
  | { kind: 'found'; key: string; upload: Upload; reopenable: boolean };

/** All uploads of this page, outside React so that they outlive the pages shown. */
export class UploadStore {
  #items: UploadItem[] = [];
  #nextKey = 0;
  readonly #listeners = new Set<() => void>();
  readonly #warn = (event: BeforeUnloadEvent) => event.preventDefault();

  constructor(private readonly deps: TaskDeps) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): UploadItem[] => this.#items;

  /** Whether bytes move right now. */
  get busy(): boolean {
    return this.#items.some((item) => item.kind === 'task' && isMoving(item.task.state.phase));
  }

  add(chosen: Chosen[]): void {
    for (const one of chosen) this.#start(one);
  }

  /** Sends a file in the place of that of a film. */
  replace(chosen: Chosen, video: string): void {
    this.#start(chosen, undefined, video);
  }

  /** Shows what the server has unfinished, and carries on where the browser still has the file. */
  async found(uploads: Upload[]): Promise<void> {
    for (const upload of uploads) {
      if (this.#knows(upload.upload_id)) continue;
      const key = `found-${upload.upload_id}`;
      this.#change([...this.#items, { kind: 'found', key, upload, reopenable: false }]);
      const handle = await recallHandle(upload.upload_id);
      if (!handle) continue;
      const file = await openHandle(handle, false);
      if (file) this.resume(upload, { file, handle });
      else this.#replace(key, { kind: 'found', key, upload, reopenable: true });
    }
  }

  /** Reopens the remembered file; false when the person has to choose it. */
  async reopen(upload: Upload): Promise<boolean> {
    const handle = await recallHandle(upload.upload_id);
    const file = handle && (await openHandle(handle, true));
    if (!file) return false;
    this.resume(upload, { file, handle });
    return true;
  }

  resume(upload: Upload, chosen: Chosen): void {
    this.#change(this.#items.filter((item) => uploadIdOf(item) !== upload.upload_id));
    this.#start(chosen, upload);
  }

  retry(item: UploadItem): void {
    if (item.kind === 'task') void item.task.run();
  }

  async cancel(item: UploadItem): Promise<void> {
    this.remove(item);
    const id = uploadIdOf(item);
    if (item.kind === 'task') await item.task.cancel();
    else await this.deps.transport.abandon(item.upload.upload_id).catch(() => undefined);
    if (id) await forgetHandle(id);
  }

  remove(item: UploadItem): void {
    this.#change(this.#items.filter((other) => other.key !== item.key));
  }

  /** The connection is back: what failed for want of it goes on. */
  retryNetworkFailures(): void {
    for (const item of this.#items) {
      if (item.kind === 'task' && item.task.state.failure?.network) void item.task.run();
    }
  }

  #start({ file, handle }: Chosen, resume?: Upload, replaces?: string): void {
    const task = new UploadTask(file, this.deps, resume, replaces);
    const key = `task-${this.#nextKey++}`;
    let remembered: string | undefined;
    task.subscribe(() => {
      const { upload, phase } = task.state;
      if (handle && upload && upload.upload_id !== remembered && isMoving(phase)) {
        remembered = upload.upload_id;
        void rememberHandle(remembered, handle);
      }
      if (phase === 'stored' && remembered) void forgetHandle(remembered);
      if (upload) this.#dropFound(upload.upload_id);
      this.#guard();
    });
    this.#change([{ kind: 'task', key, task }, ...this.#items]);
    void task.run();
  }

  #knows(uploadId: string): boolean {
    return this.#items.some((item) => uploadIdOf(item) === uploadId);
  }

  #dropFound(uploadId: string): void {
    const key = `found-${uploadId}`;
    if (this.#items.some((item) => item.key === key)) {
      this.#change(this.#items.filter((item) => item.key !== key));
    }
  }

  #replace(key: string, by: UploadItem): void {
    this.#change(this.#items.map((item) => (item.key === key ? by : item)));
  }

  #change(items: UploadItem[]): void {
    this.#items = items;
    if (items.length > 0) began();
    this.#guard();
    for (const listener of this.#listeners) listener();
  }

  /** Warns before the page is closed, only while that would interrupt something. */
  #guard(): void {
    if (this.busy) window.addEventListener('beforeunload', this.#warn);
    else window.removeEventListener('beforeunload', this.#warn);
  }
}

function uploadIdOf(item: UploadItem): string | undefined {
  return item.kind === 'task' ? item.task.state.upload?.upload_id : item.upload.upload_id;
}

export const uploads = new UploadStore({
  transport: httpTransport,
  hasher: new WorkerHasher(),
  pause: browserPause,
  slots: new Slots(FILES_AT_ONCE),
  now: () => performance.now(),
  random: Math.random,
});
