// Among the tests of pages, since it needs a window.
import { expect, it } from 'vitest';
import { fakeApi } from '../testing/api';
import { api } from './client';

const signedOut = () =>
  Response.json({ type: '/problems/signed-out', detail: 'Sign in again.' }, { status: 401 });

/** An API that knows one only after the token was refreshed. */
function expired() {
  let fresh = false;
  fakeApi.on('POST /api/accounts/refresh', () => {
    fresh = true;
    return new Response(null, { status: 204 });
  });
  fakeApi.on('GET /api/uploads', () => (fresh ? { items: [] } : signedOut()));
  fakeApi.on('PATCH /api/videos/v', (body) => (fresh ? body : signedOut()));
}

const refreshes = () => fakeApi.asked.filter((call) => call.includes('refresh')).length;

it('repeats what came too late, with its body, after one refresh for all', async () => {
  expired();
  const [uploads, edited] = await Promise.all([
    api.GET('/api/uploads'),
    api.PATCH('/api/videos/{id}', { params: { path: { id: 'v' } }, body: { title: 'Owl' } }),
  ]);
  expect(uploads.response.status).toBe(200);
  expect(edited.data).toEqual({ title: 'Owl' });
  expect(refreshes()).toBe(1);
});

it('asks again as nobody when the session is over', async () => {
  let over = false;
  fakeApi.on('GET /api/videos', () => (over ? { items: [] } : signedOut()));
  fakeApi.on('POST /api/accounts/refresh', () => {
    over = true;
    return signedOut();
  });
  expect((await api.GET('/api/videos')).response.status).toBe(200);
  expect(refreshes()).toBe(1);
});

it('leaves other refusals alone', async () => {
  fakeApi.on('GET /api/uploads', () =>
    Response.json({ type: '/problems/sign-in', detail: 'Sign in.' }, { status: 401 }),
  );
  expect((await api.GET('/api/uploads')).response.status).toBe(401);
  expect(refreshes()).toBe(0);
});
