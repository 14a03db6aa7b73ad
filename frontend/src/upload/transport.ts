import { api } from '../api/client';
import { ApiError, problemError, unwrap } from '../api/problem';
import type { PresignedPart, Upload, UploadPart } from '../api/types';
import { t } from '../i18n';

export interface NewUpload {
  file_name: string;
  size_bytes: number;
  fingerprint: string;
  /** The film that is to have this file instead of the one it has. */
  replaces?: string;
}

export type PutResult =
  | { kind: 'stored' }
  /** The storage answered with an error. */
  | { kind: 'refused'; status: number }
  /** No answer came. */
  | { kind: 'unreachable' };

/** What an upload needs of the world; the tests have one in memory. */
export interface Transport {
  create(upload: NewUpload, signal: AbortSignal): Promise<Upload>;
  get(id: string, signal: AbortSignal): Promise<Upload>;
  presign(id: string, parts: UploadPart[], signal: AbortSignal): Promise<PresignedPart[]>;
  put(
    part: PresignedPart,
    body: Blob,
    onSent: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<PutResult>;
  complete(id: string, signal: AbortSignal): Promise<void>;
  abandon(id: string): Promise<void>;
}

const byId = (id: string) => ({ path: { id } });

/** A connection that moves no byte for this long is dead, whatever the socket says. */
const STALL_MS = 60_000;

export const httpTransport: Transport = {
  create: (body, signal) => unwrap(api.POST('/api/uploads', { body, signal })),
  get: (id, signal) => unwrap(api.GET('/api/uploads/{id}', { params: byId(id), signal })),
  async presign(id, parts, signal) {
    const call = api.POST('/api/uploads/{id}/parts', { params: byId(id), body: { parts }, signal });
    return (await unwrap(call)).parts;
  },
  put: putBlob,
  async complete(id, signal) {
    // The body is an empty object by contract; fetch sends none unless told.
    const response = await fetch(`/api/uploads/${encodeURIComponent(id)}/complete`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      signal,
    }).catch((cause: unknown) => {
      if (signal.aborted) throw cause;
      return undefined;
    });
    if (!response) throw new ApiError(0, t('error.network'));
    if (!response.ok) throw problemError(response.status, await response.json().catch(() => null));
  },
  async abandon(id) {
    await unwrap(api.DELETE('/api/uploads/{id}', { params: byId(id) }));
  },
};

/** XMLHttpRequest, because fetch does not tell how much of a request body was sent. */
function putBlob(
  part: PresignedPart,
  body: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<PutResult> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => request.abort(), STALL_MS);
    };
    const settle = (act: () => void) => {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', stop);
      act();
    };
    const stop = () => request.abort();
    request.open(part.method, part.url);
    for (const [name, value] of Object.entries(part.headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', (event) => {
      alive();
      onSent(Math.min(event.loaded, body.size));
    });
    request.addEventListener('load', () =>
      settle(() => {
        const { status } = request;
        resolve(status >= 200 && status < 300 ? { kind: 'stored' } : { kind: 'refused', status });
      }),
    );
    request.addEventListener('error', () => settle(() => resolve({ kind: 'unreachable' })));
    request.addEventListener('abort', () =>
      settle(() =>
        signal.aborted
          ? reject(new DOMException('canceled', 'AbortError'))
          : resolve({ kind: 'unreachable' }),
      ),
    );
    signal.addEventListener('abort', stop);
    alive();
    request.send(body);
  });
}
