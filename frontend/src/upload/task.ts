import { ApiError } from '../api/problem';
import type { Upload } from '../api/types';
import { bytes } from '../lib/format';
import { backoff, type Pause } from './backoff';
import { crcToBase64 } from './crc32c';
import {
  changedFile,
  describeFailure,
  emptyFile,
  type Failure,
  incomplete,
  isTransient,
  otherFile,
  serverTrouble,
  unreachable,
} from './failure';
import { fingerprint } from './fingerprint';
import type { Hasher } from './hasher';
import { missingParts, partRange, spread, storedBytes } from './parts';
import { Sender, UploadGone } from './sender';
import type { Slots } from './slots';
import { SpeedMeter } from './speed';
import type { Transport } from './transport';

export type Phase =
  | 'preparing'
  | 'queued'
  | 'uploading'
  | 'waiting'
  | 'offline'
  | 'completing'
  | 'stored'
  | 'failed'
  | 'canceled';

export interface Details {
  title: string;
  description: string;
}

export interface TaskState {
  phase: Phase;
  upload: Upload | undefined;
  /** What the person last wrote, whatever the upload's record says. */
  details: Details | undefined;
  sentBytes: number;
  retryInMs: number | undefined;
  failure: Failure | undefined;
}

export interface TaskDeps {
  transport: Transport;
  hasher: Hasher;
  pause: Pause;
  slots: Slots;
  now(): number;
  random(): number;
}

const MOST_ATTEMPTS = 12;
const MOST_ROUNDS = 4;
const PARTS_VERIFIED = 64;

export const isMoving = (phase: Phase) => !['stored', 'failed', 'canceled'].includes(phase);

/** One file on its way to the server. It lives outside React, so leaving the page does not stop it. */
export class UploadTask {
  state: TaskState;
  /** The film whose file it replaces; nothing when it becomes a film of its own. */
  readonly replaces: string | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #speed = new SpeedMeter();
  readonly #inFlight = new Map<number, number>();
  #stored = 0;
  #working = 1;
  #paused = 0;
  #abort = new AbortController();

  constructor(
    readonly file: File,
    private readonly deps: TaskDeps,
    resume?: Upload,
    replaces?: string,
  ) {
    this.replaces = replaces ?? (resume && isReplacement(resume) ? resume.video_id : undefined);
    this.state = {
      phase: 'preparing',
      upload: resume,
      details: resume && detailsOf(resume),
      sentBytes: resume ? storedBytes(resume) : 0,
      retryInMs: undefined,
      failure: undefined,
    };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Runs until the file is stored, it failed, or it was canceled; the state tells which. */
  async run(): Promise<void> {
    this.#abort = new AbortController();
    this.#paused = 0;
    this.#inFlight.clear();
    this.#set({ phase: 'preparing', failure: undefined });
    try {
      await this.#run(this.#abort.signal);
      this.#set({ phase: 'stored', sentBytes: this.file.size });
    } catch (error) {
      const canceled = this.#abort.signal.aborted && this.state.phase === 'canceled';
      this.#abort.abort();
      if (!canceled) this.#set({ phase: 'failed', failure: describeFailure(error) });
    }
  }

  /** Bytes a second at this moment, as far as it is known; it changes without an event, too. */
  speed(): number | undefined {
    return this.state.phase === 'uploading' ? this.#speed.perSecond(this.deps.now()) : undefined;
  }

  describe(details: Details): void {
    this.#set({ details });
  }

  /** Stops, and asks the server to forget what it has. */
  async cancel(): Promise<void> {
    this.#set({ phase: 'canceled' });
    this.#abort.abort();
    const { upload } = this.state;
    if (upload) await this.deps.transport.abandon(upload.upload_id).catch(() => undefined);
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (this.file.size === 0) throw emptyFile();
    let upload = this.state.upload ? await this.#continue(signal) : await this.#create(signal);
    const leave = await this.#enter(signal);
    try {
      for (let round = 0; round < MOST_ROUNDS; round += 1) {
        if (upload.state === 'abandoned') upload = await this.#create(signal);
        if (upload.state === 'complete') return;
        try {
          if (upload.state === 'open') await this.#send(upload, signal);
          if (await this.#complete(upload, signal)) return;
        } catch (error) {
          if (!(error instanceof UploadGone)) throw error;
        }
        upload = await this.#refresh(upload, signal);
      }
      throw incomplete();
    } finally {
      leave();
    }
  }

  async #enter(signal: AbortSignal): Promise<() => void> {
    this.#set({ phase: 'queued' });
    return this.deps.slots.take(signal);
  }

  async #create(signal: AbortSignal): Promise<Upload> {
    const { file, deps } = this;
    const print = await fingerprint(file, deps.hasher);
    const request = {
      file_name: file.name,
      size_bytes: file.size,
      fingerprint: print,
      ...(this.replaces && { replaces: this.replaces }),
    };
    return this.#know(await this.#persist(signal, () => deps.transport.create(request, signal)));
  }

  /** Carries on an upload that the server told of, once the file proves to be the same. */
  async #continue(signal: AbortSignal): Promise<Upload> {
    const known = this.state.upload as Upload;
    if (known.size_bytes !== this.file.size) {
      throw otherFile(known.file_name, bytes(known.size_bytes));
    }
    const upload = await this.#refresh(known, signal).catch((error: unknown) => {
      // Forgotten since, for instance because it was idle for long: it begins anew.
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    });
    if (!upload) return this.#create(signal);
    for (const part of spread(upload.parts, PARTS_VERIFIED)) {
      signal.throwIfAborted();
      const { from, to } = partRange(upload, part.number);
      const crc = await this.deps.hasher.crc32c(this.file.slice(from, to));
      if (crcToBase64(crc) !== part.crc32c) throw changedFile();
    }
    return upload;
  }

  async #refresh(upload: Upload, signal: AbortSignal): Promise<Upload> {
    const { transport } = this.deps;
    return this.#know(await this.#persist(signal, () => transport.get(upload.upload_id, signal)));
  }

  #know(upload: Upload): Upload {
    this.#stored = storedBytes(upload);
    this.#inFlight.clear();
    const details = this.state.details ?? detailsOf(upload);
    this.#set({ upload, details, sentBytes: this.#stored });
    return upload;
  }

  async #send(upload: Upload, signal: AbortSignal): Promise<void> {
    this.#speed.reset();
    this.#set({ phase: 'uploading' });
    const round = new AbortController();
    const both = AbortSignal.any([signal, round.signal]);
    const sender = new Sender(upload, {
      file: this.file,
      transport: this.deps.transport,
      hasher: this.deps.hasher,
      signal: both,
      stop: () => round.abort(),
      persist: (call) => this.#persist(both, call),
      pause: (attempt, error) => this.#pause(attempt, error, both),
      onSent: (part, count) => this.#moved(() => this.#inFlight.set(part, count)),
      onStored: (part, count) =>
        this.#moved(() => {
          this.#inFlight.delete(part);
          this.#stored += count;
        }),
    });
    this.#working = sender.parallel;
    try {
      await sender.send();
    } finally {
      this.#working = 1;
    }
  }

  #moved(change: () => void): void {
    change();
    const sent = [...this.#inFlight.values()].reduce((sum, count) => sum + count, this.#stored);
    this.#speed.add(sent, this.deps.now());
    this.#set({ sentBytes: sent });
  }

  /** False when the server misses parts, which are then sent. */
  async #complete(upload: Upload, signal: AbortSignal): Promise<boolean> {
    this.#set({ phase: 'completing' });
    const { transport } = this.deps;
    try {
      await this.#persist(signal, () => transport.complete(upload.upload_id, signal));
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const now = await this.#refresh(upload, signal);
      if (now.state === 'complete') return true;
      if (now.state !== 'abandoned' && missingParts(now).length === 0) throw error;
      return false;
    }
  }

  async #persist<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ApiError) || !isTransient(error.status)) throw error;
        await this.#pause(attempt, error.status === 0 ? unreachable() : serverTrouble(), signal);
      }
    }
  }

  async #pause(attempt: number, error: Error, signal: AbortSignal): Promise<void> {
    if (attempt >= MOST_ATTEMPTS) throw error;
    const before = this.state.phase;
    const ms = backoff(attempt, this.deps.random);
    this.#paused += 1;
    // Others may still be moving bytes; it is only a pause when all of them wait.
    const all = this.#paused >= this.#working;
    if (all) this.#set({ phase: 'offline' });
    try {
      await this.deps.pause.online(signal);
      if (all) this.#set({ phase: 'waiting', retryInMs: ms });
      await this.deps.pause.wait(ms, signal);
    } finally {
      this.#paused -= 1;
      if (all && !signal.aborted) {
        const waiting = before === 'waiting' || before === 'offline';
        this.#set({ phase: waiting ? 'uploading' : before, retryInMs: undefined });
      }
    }
  }

  #set(change: Partial<TaskState>): void {
    if (this.state.phase === 'canceled' && change.phase !== 'preparing') return;
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** Whether it replaces the file of a film that is there. */
export const isReplacement = ({ revision }: Upload): boolean => revision > 1;

const detailsOf = ({ title, description }: Upload): Details => ({ title, description });
