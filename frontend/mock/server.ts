import { createReadStream, existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import type { Plugin } from 'vite';
import { crc32c, crcToBase64 } from '../src/upload/crc32c.ts';
import { demo, type MockUpload, newId, World } from './world.ts';

/**
 * A stand-in for the backend, for looking at the interface: `npm run mock`. It keeps everything
 * in memory. `MOCK_MEDIA` names a folder with a sample film (mock/make-sample.sh makes one).
 * `MOCK_UPLOAD_DELAY_MS` slows parts down, `MOCK_ON_DEMAND_MS` is how long a segment that is not
 * prepared takes, `MOCK_EMPTY=1` starts without films.
 */
const MEDIA = process.env.MOCK_MEDIA;
const PART_DELAY_MS = Number(process.env.MOCK_UPLOAD_DELAY_MS ?? 0);
const ON_DEMAND_MS = Number(process.env.MOCK_ON_DEMAND_MS ?? 2_000);
const TYPES: Record<string, string> = {
  m3u8: 'application/vnd.apple.mpegurl',
  mpd: 'application/dash+xml',
  m4s: 'video/iso.segment',
  mp4: 'video/mp4',
  jpg: 'image/jpeg',
};

type Json = Record<string, unknown>;
type Reply = { status: number; body?: unknown };
type Handler = (
  params: string[],
  request: IncomingMessage,
  query: URLSearchParams,
) => Promise<Reply> | Reply;

const ok = (body: unknown): Reply => ({ status: 200, body });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function problem(status: number, title: string, detail: string): Reply {
  const type = `/problems/${title.toLowerCase().replaceAll(' ', '-')}`;
  return { status, body: { type, title, status, detail, request_id: newId() } };
}

const missing = () => problem(404, 'Not found', 'There is nothing at this address.');

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const json = async (request: IncomingMessage) =>
  JSON.parse((await read(request)).toString()) as Json;

/** The title cut where `q` is found in it. */
function marks(title: string, q: string) {
  const at = title.toLowerCase().indexOf(q);
  const pieces = [title.slice(0, at), title.slice(at, at + q.length), title.slice(at + q.length)];
  const segments = pieces.map((text, i) => ({ text, hit: i === 1 }));
  return { title: segments.filter(({ text }) => text !== ''), description: [] };
}

function routes(world: World): [string, RegExp, Handler][] {
  const upload = ([id = '']: string[], act: (upload: MockUpload) => Promise<Reply> | Reply) => {
    const found = world.uploads.get(id);
    return found ? act(found) : missing();
  };
  const newestFirst = () => [...world.films.values()].sort((a, b) => b.createdAt - a.createdAt);
  return [
    [
      'GET',
      /^\/api\/videos$/,
      (_p, _r, query) => {
        const all = newestFirst().filter(
          (film) => query.get('state') === 'all' || world.state(film) === 'live',
        );
        const from = Number(query.get('cursor') ?? 0);
        const to = from + Number(query.get('limit') ?? 24);
        const next_cursor = to < all.length ? String(to) : null;
        return ok({ items: all.slice(from, to).map((film) => world.video(film)), next_cursor });
      },
    ],
    // Without accounts, everybody is the owner.
    [
      'GET',
      /^\/api\/accounts\/me$/,
      () =>
        ok({ user: { user_id: 'local', name: 'local', role: 'admin' }, registration: 'closed' }),
    ],
    [
      'GET',
      /^\/api\/search$/,
      (_p, _r, query) => {
        const q = (query.get('q') ?? '').toLowerCase();
        const hits = newestFirst().filter((film) => film.title.toLowerCase().includes(q));
        return ok({
          items: hits.map((film) => ({ ...world.video(film), highlights: marks(film.title, q) })),
          query: q,
          next_cursor: null,
        });
      },
    ],
    [
      'GET',
      /^\/api\/videos\/(\w+)$/,
      ([id = '']) => {
        const film = world.films.get(id);
        return film ? ok(world.video(film)) : missing();
      },
    ],
    [
      'PATCH',
      /^\/api\/videos\/(\w+)$/,
      async ([id = ''], request) => {
        const film = world.films.get(id);
        if (!film) return missing();
        Object.assign(film, await json(request));
        return ok(world.video(film));
      },
    ],
    [
      'GET',
      /^\/api\/watch\/(\w+)$/,
      ([id = '']) => {
        const film = world.films.get(id);
        return film ? ok(world.watch(film)) : missing();
      },
    ],
    [
      'GET',
      /^\/api\/uploads$/,
      () => {
        const open = [...world.uploads.values()].filter((one) => one.state === 'open');
        return ok({ items: open.map((one) => world.upload(one)) });
      },
    ],
    [
      'POST',
      /^\/api\/uploads$/,
      async (_p, request) => {
        const body = (await json(request)) as unknown as MockUpload & { title?: string };
        const known = [...world.uploads.values()].find(
          (one) => one.fingerprint === body.fingerprint && one.state === 'open',
        );
        if (known) return ok(world.upload(known));
        const film = world.addFilm(body.title ?? body.file_name, { completedAt: undefined });
        const made: MockUpload = {
          upload_id: newId(),
          video_id: film.id,
          file_name: body.file_name,
          size_bytes: body.size_bytes,
          fingerprint: body.fingerprint,
          state: 'open',
          created_at: new Date().toISOString(),
          parts: [],
        };
        film.upload = made;
        world.uploads.set(made.upload_id, made);
        return { status: 201, body: world.upload(made) };
      },
    ],
    ['GET', /^\/api\/uploads\/(\w+)$/, (p) => upload(p, (one) => ok(world.upload(one)))],
    [
      'DELETE',
      /^\/api\/uploads\/(\w+)$/,
      (p) =>
        upload(p, (one) => {
          one.state = 'abandoned';
          world.films.delete(one.video_id);
          return { status: 204 };
        }),
    ],
    [
      'POST',
      /^\/api\/uploads\/(\w+)\/parts$/,
      (p, request) =>
        upload(p, async (one) => {
          const { parts } = (await json(request)) as {
            parts: { number: number; crc32c: string }[];
          };
          return ok({
            parts: parts.map(({ number, crc32c: sum }) => ({
              number,
              method: 'PUT',
              url: `/marquee/raw/${one.video_id}/source?partNumber=${number}&uploadId=${one.upload_id}`,
              headers: { 'x-amz-checksum-crc32c': sum },
            })),
          });
        }),
    ],
    [
      'POST',
      /^\/api\/uploads\/(\w+)\/complete$/,
      (p) =>
        upload(p, async (one) => {
          const stored = one.parts.reduce((sum, part) => sum + part.size_bytes, 0);
          if (stored !== one.size_bytes)
            return problem(409, 'Parts missing', 'Send the missing parts.');
          await sleep(300);
          one.state = 'complete';
          const film = world.films.get(one.video_id);
          if (film) film.completedAt = Date.now();
          return ok({ upload_id: one.upload_id, video_id: one.video_id, state: 'complete' });
        }),
    ],
    [
      'PUT',
      /^\/marquee\/raw\//,
      async (_p, request, query) => {
        const one = world.uploads.get(query.get('uploadId') ?? '');
        const body = await read(request);
        await sleep(PART_DELAY_MS);
        if (one?.state !== 'open') return missing();
        const sum = crcToBase64(crc32c(body));
        if (sum !== request.headers['x-amz-checksum-crc32c']) return { status: 400 };
        const number = Number(query.get('partNumber'));
        one.parts = one.parts.filter((part) => part.number !== number);
        one.parts.push({ number, size_bytes: body.length, crc32c: sum });
        return { status: 200 };
      },
    ],
  ];
}

/** A segment that is not ready answers late, as one that is encoded on demand. */
async function media(world: World, path: string, response: ServerResponse): Promise<void> {
  const [, , , id = '', , ...rest] = path.split('/');
  const film = world.films.get(id);
  const name = normalize(rest.join('/'));
  const file = join(MEDIA ?? '', name);
  if (!MEDIA || !film || name.startsWith('..') || !existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  const chunk = /chunk-stream(\d)-(\d+)/.exec(name);
  const track = ['v/240p', 'v/360p', 'v/720p', 'a/0'][Number(chunk?.[1])];
  if (track && !world.isReady(film, track, Number(chunk?.[2]) - 1)) await sleep(ON_DEMAND_MS);
  response.writeHead(200, { 'content-type': TYPES[name.split('.').at(-1) ?? ''] ?? '' });
  createReadStream(file).pipe(response);
}

function send(response: ServerResponse, { status, body }: Reply): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, body === undefined ? {} : { 'content-type': type });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

export function mockServer(): Plugin {
  const world = process.env.MOCK_EMPTY ? new World() : demo(new World());
  const table = routes(world);
  const answer = async (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const url = new URL(request.url ?? '/', 'http://mock');
    if (url.pathname.startsWith('/v/')) return media(world, url.pathname, response);
    for (const [method, pattern, handler] of table) {
      const match = request.method === method ? pattern.exec(url.pathname) : null;
      if (!match) continue;
      // A client that goes away in the middle of a body is no reason to stop.
      const reply = await Promise.resolve(handler(match.slice(1), request, url.searchParams)).catch(
        () => undefined,
      );
      if (reply) send(response, reply);
      return;
    }
    if (url.pathname.startsWith('/api/')) return send(response, missing());
    next();
  };
  const install = (server: { middlewares: { use(handler: typeof answer): void } }) => {
    server.middlewares.use(answer);
  };
  return {
    name: 'marquee-mock',
    configureServer: (server) => install(server),
    configurePreviewServer: (server) => install(server),
  };
}
