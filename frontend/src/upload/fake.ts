import { ApiError } from '../api/problem';
import type { PresignedPart, Upload, UploadPart } from '../api/types';
import type { Pause } from './backoff';
import { crc32c, crcToBase64 } from './crc32c';
import type { Hasher } from './hasher';
import { Slots } from './slots';
import { type TaskDeps, UploadTask } from './task';
import type { NewUpload, PutResult, Transport } from './transport';

export const PART = 10;

/** A server in memory that checks what it is sent, for the tests. */
export class FakeServer implements Transport {
  upload: Upload | undefined;
  readonly puts: number[] = [];
  readonly presigned: number[][] = [];
  abandoned: string[] = [];
  /** What the next puts answer instead of storing. */
  putAnswers: (PutResult | 'lost')[] = [];
  /** What the next API calls throw. */
  apiErrors: ApiError[] = [];
  onPut: (part: number) => void = () => undefined;
  #fingerprint = '';
  #made = 0;

  constructor(
    readonly parallel = 1,
    private readonly prefix = '',
  ) {}

  async create(upload: NewUpload): Promise<Upload> {
    this.#fail();
    if (this.upload?.state === 'open' && this.#fingerprint === upload.fingerprint) {
      return this.#copy();
    }
    this.#made += 1;
    this.#fingerprint = upload.fingerprint;
    this.upload = {
      upload_id: `${this.prefix}upload-${this.#made}`,
      revision: upload.replaces ? 2 : 1,
      video_id: upload.replaces ?? `${this.prefix}video-${this.#made}`,
      file_name: upload.file_name,
      size_bytes: upload.size_bytes,
      title: upload.file_name,
      description: '',
      state: 'open',
      part_size_bytes: PART,
      parallel_parts: this.parallel,
      watch_url: `/watch/${this.prefix}video-${this.#made}`,
      created_at: '2026-01-01T00:00:00Z',
      uploaded_bytes: 0,
      parts: [],
    };
    return this.#copy();
  }

  async get(id: string): Promise<Upload> {
    this.#fail();
    if (this.upload?.upload_id !== id) throw new ApiError(404, 'unknown upload');
    return this.#copy();
  }

  async presign(_id: string, parts: UploadPart[]): Promise<PresignedPart[]> {
    this.#fail();
    this.presigned.push(parts.map((part) => part.number));
    return parts.map(({ number, crc32c: sum }) => ({
      number,
      method: 'PUT',
      url: `/parts/${number}`,
      headers: { sum },
    }));
  }

  async put(
    part: PresignedPart,
    body: Blob,
    onSent: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<PutResult> {
    signal.throwIfAborted();
    this.puts.push(part.number);
    this.onPut(part.number);
    signal.throwIfAborted();
    onSent(Math.floor(body.size / 2));
    const bytes = new Uint8Array(await body.arrayBuffer());
    const answer = this.putAnswers.shift();
    if (answer && answer !== 'lost') return answer;
    const sum = crcToBase64(crc32c(bytes));
    if (sum !== part.headers.sum) return { kind: 'refused', status: 400 };
    // "lost": it says stored and forgets it, as a storage that lies.
    if (answer !== 'lost') {
      this.upload?.parts.push({ number: part.number, size_bytes: body.size, crc32c: sum });
    }
    return { kind: 'stored' };
  }

  async complete(): Promise<void> {
    this.#fail();
    const { upload } = this;
    const stored = upload?.parts.reduce((sum, part) => sum + part.size_bytes, 0);
    if (!upload || stored !== upload.size_bytes) throw new ApiError(409, 'parts are missing');
    upload.state = 'complete';
  }

  async abandon(id: string): Promise<void> {
    this.abandoned.push(id);
    if (this.upload) this.upload.state = 'abandoned';
  }

  #fail(): void {
    const error = this.apiErrors.shift();
    if (error) throw error;
  }

  #copy(): Upload {
    return structuredClone(this.upload as Upload);
  }
}

/** Does not wait, and remembers how long it should have. */
export class FakePause implements Pause {
  readonly waits: number[] = [];

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    this.waits.push(ms);
    signal.throwIfAborted();
  }

  async online(): Promise<void> {}
}

export const plainHasher: Hasher = {
  crc32c: async (blob) => crc32c(new Uint8Array(await blob.arrayBuffer())),
};

export function fileOf(text: string, name = 'film.mp4'): File {
  return new File([text], name, { lastModified: 1 });
}

export function taskFor(
  server: FakeServer,
  file: File,
  options: Partial<TaskDeps> & { resume?: Upload; replaces?: string } = {},
): { task: UploadTask; pause: FakePause } {
  const pause = new FakePause();
  const { resume, replaces, ...deps } = options;
  const all: TaskDeps = {
    transport: server,
    hasher: plainHasher,
    pause,
    slots: new Slots(1),
    now: () => 0,
    random: () => 0,
    ...deps,
  };
  return { task: new UploadTask(file, all, resume, replaces), pause };
}
