import { crc32c } from './crc32c';

export interface CrcRequest {
  id: number;
  blob: Blob;
}

export type CrcReply = { id: number; crc: number } | { id: number; error: string };

const STEP = 4 * 1024 * 1024;

async function checksum(blob: Blob): Promise<number> {
  let crc = 0;
  for (let from = 0; from < blob.size; from += STEP) {
    crc = crc32c(new Uint8Array(await blob.slice(from, from + STEP).arrayBuffer()), crc);
  }
  return crc;
}

self.addEventListener('message', (event: MessageEvent<CrcRequest>) => {
  const { id, blob } = event.data;
  checksum(blob).then(
    (crc) => self.postMessage({ id, crc } satisfies CrcReply),
    (error: unknown) => self.postMessage({ id, error: String(error) } satisfies CrcReply),
  );
});
