import type { CrcReply, CrcRequest } from './crc.worker';

/** Computes checksums of file slices off the main thread. */
export interface Hasher {
  crc32c(blob: Blob): Promise<number>;
}

/** The file cannot be read: it was moved, removed or changed since it was chosen. */
export class UnreadableFile extends Error {}

export class WorkerHasher implements Hasher {
  #worker: Worker | undefined;
  #next = 0;
  #waiting = new Map<number, { done(crc: number): void; fail(error: Error): void }>();

  crc32c(blob: Blob): Promise<number> {
    const id = this.#next++;
    return new Promise((done, fail) => {
      this.#waiting.set(id, { done, fail });
      this.#start().postMessage({ id, blob } satisfies CrcRequest);
    });
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL('./crc.worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', (event: MessageEvent<CrcReply>) => {
      const reply = event.data;
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('crc' in reply) waiting?.done(reply.crc);
      else waiting?.fail(new UnreadableFile(reply.error));
    });
    worker.addEventListener('error', (event) => {
      for (const waiting of this.#waiting.values()) waiting.fail(new Error(event.message));
      this.#waiting.clear();
      this.#worker = undefined;
    });
    this.#worker = worker;
    return worker;
  }
}
