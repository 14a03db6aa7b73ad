import type { PresignedPart, Upload } from '../api/types';
import { crcToBase64 } from './crc32c';
import { changedFile, isTransient, storageRefused, unreachable } from './failure';
import { type Hasher, UnreadableFile } from './hasher';
import { missingParts, type PartRange } from './parts';
import type { Transport } from './transport';

const MOST_RENEWALS = 3;

/** The storage no longer knows the upload: ask the server what became of it. */
export class UploadGone extends Error {}

interface Prepared {
  range: PartRange;
  crc32c: string;
  target: PresignedPart;
}

export interface SenderDeps {
  file: File;
  transport: Transport;
  hasher: Hasher;
  signal: AbortSignal;
  /** Aborts `signal`: called when one runner cannot go on, so that the others stop too. */
  stop(): void;
  /** Runs an API call, again and again while trouble is passing. */
  persist<T>(call: () => Promise<T>): Promise<T>;
  /** Waits before attempt number `attempt`; throws `error` when there were too many. */
  pause(attempt: number, error: Error): Promise<void>;
  onSent(part: number, bytes: number): void;
  onStored(part: number, bytes: number): void;
}

/** Sends the missing parts of one upload, several at once, each with its checksum. */
export class Sender {
  readonly #deps: SenderDeps;
  readonly #upload: Upload;
  readonly #missing: PartRange[];
  #ready: Prepared[] = [];
  #filling: Promise<void> | undefined;

  constructor(upload: Upload, deps: SenderDeps) {
    this.#upload = upload;
    this.#deps = deps;
    this.#missing = missingParts(upload);
  }

  get parallel(): number {
    return Math.max(1, Math.min(this.#upload.parallel_parts, this.#missing.length));
  }

  /** Ends when all parts are stored; throws what stopped the first runner that could not go on. */
  async send(): Promise<void> {
    let reason: unknown;
    const runners = Array.from({ length: this.parallel }, () =>
      this.#runner().catch((error: unknown) => {
        reason ??= error;
        this.#deps.stop();
      }),
    );
    await Promise.all(runners);
    if (reason !== undefined) throw reason;
  }

  async #runner(): Promise<void> {
    for (;;) {
      const part = await this.#take();
      if (!part) return;
      await this.#put(part);
    }
  }

  /** The next prepared part; the ones after it are prepared while it is being sent. */
  async #take(): Promise<Prepared | undefined> {
    for (;;) {
      this.#deps.signal.throwIfAborted();
      const part = this.#ready.shift();
      if (part) {
        if (this.#ready.length === 0) this.#fill().catch(() => undefined);
        return part;
      }
      if (!this.#filling && this.#missing.length === 0) return undefined;
      await this.#fill();
    }
  }

  #fill(): Promise<void> {
    this.#filling ??= this.#prepare().finally(() => {
      this.#filling = undefined;
    });
    return this.#filling;
  }

  async #prepare(): Promise<void> {
    const batch = this.#missing.slice(0, this.#upload.parallel_parts);
    if (batch.length === 0) return;
    const sums: string[] = [];
    for (const range of batch) sums.push(await this.#checksum(range));
    const prepared = await this.#presign(batch, sums);
    this.#missing.splice(0, batch.length);
    this.#ready.push(...prepared);
  }

  async #checksum(range: PartRange): Promise<string> {
    this.#deps.signal.throwIfAborted();
    return crcToBase64(await this.#deps.hasher.crc32c(this.#slice(range)));
  }

  #slice(range: PartRange): Blob {
    return this.#deps.file.slice(range.from, range.to);
  }

  async #presign(ranges: PartRange[], sums: string[]): Promise<Prepared[]> {
    const { transport, signal, persist } = this.#deps;
    const parts = ranges.map((range, i) => ({
      number: range.number,
      size_bytes: range.to - range.from,
      crc32c: sums[i] ?? '',
    }));
    const targets = await persist(() => transport.presign(this.#upload.upload_id, parts, signal));
    return ranges.map((range, i) => {
      const target = targets.find((one) => one.number === range.number);
      if (!target) throw new Error(`no address for part ${range.number}`);
      return { range, crc32c: sums[i] ?? '', target };
    });
  }

  async #put(first: Prepared): Promise<void> {
    const { transport, signal, pause, onSent, onStored } = this.#deps;
    const { number, from, to } = first.range;
    const body = this.#slice(first.range);
    let part = first;
    let attempt = 0;
    let renewals = 0;
    for (;;) {
      signal.throwIfAborted();
      const sent = (bytes: number) => onSent(number, bytes);
      const result = await transport.put(part.target, body, sent, signal);
      if (result.kind === 'stored') {
        onStored(number, to - from);
        return;
      }
      onSent(number, 0);
      const status = result.kind === 'refused' ? result.status : 0;
      if (isTransient(status)) {
        if (status === 0) await this.#mustBeReadable(body);
        await pause(attempt, unreachable());
        attempt += 1;
      } else if (status === 404) {
        throw new UploadGone();
      } else if (renewals >= MOST_RENEWALS) {
        throw storageRefused(status);
      } else {
        // 403: the address expired. Anything else, such as a checksum that does not match:
        // find out whether it is the file that changed.
        renewals += 1;
        if (status !== 403) await this.#mustBeUnchanged(part);
        part = (await this.#presign([part.range], [part.crc32c]))[0] ?? part;
      }
    }
  }

  /** A browser reports a vanished file as a network error; tell them apart. */
  async #mustBeReadable(body: Blob): Promise<void> {
    await body
      .slice(0, 1)
      .arrayBuffer()
      .catch((cause: unknown) => {
        throw new UnreadableFile(String(cause));
      });
  }

  async #mustBeUnchanged(part: Prepared): Promise<void> {
    if ((await this.#checksum(part.range)) !== part.crc32c) throw changedFile();
  }
}
