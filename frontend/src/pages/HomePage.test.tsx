import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { fakeApi } from '../testing/api';
import { film, liveFilm } from '../testing/films';
import { open } from '../testing/open';
import { somebody } from '../testing/people';

it('shows the films, and invites when there are none', async () => {
  const { close } = open('/');
  expect(await screen.findByText('Nothing is showing yet')).toBeTruthy();
  close();
  fakeApi.on('GET /api/videos', () => ({ items: [liveFilm({ title: 'Night Train' })] }));
  open('/');
  expect(await screen.findByRole('link', { name: /Night Train/ })).toBeTruthy();
});

it('tells why a film failed until that is dismissed', async () => {
  const problem = { type: '/problems/x', title: 'Not a video', detail: 'Export it as MP4.' };
  const failed = film({ title: 'Notes', state: 'failed', problem });
  fakeApi.on('GET /api/videos', (_, { searchParams }) => ({
    items: searchParams.get('state') === 'all' ? [failed] : [],
  }));
  const { user, close } = open('/');
  expect(await screen.findByText('Export it as MP4.')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Dismiss Notes' }));
  expect(screen.queryByText('Export it as MP4.')).toBeNull();
  close();

  const asked = fakeApi.asked.length;
  open('/');
  await waitFor(() => expect(fakeApi.asked.length).toBeGreaterThanOrEqual(asked + 2));
  await screen.findByText('Nothing is showing yet');
  expect(screen.queryByText('Notes')).toBeNull();
});

const began = (id: string, t: number, at: number) =>
  localStorage.setItem(`marquee.position.${id}`, JSON.stringify({ t, at }));

it('offers to go on with what was begun, the last one first, while one may', async () => {
  for (const [at, id] of ['old', 'new', 'private', 'failed', 'shorter'].entries())
    began(id, 50, at);
  const there = (id: string, change = {}) =>
    fakeApi.on(`GET /api/videos/${id}`, () => liveFilm({ video_id: id, title: id, ...change }));
  there('old');
  there('new');
  there('failed', { state: 'failed' });
  there('shorter', { duration_s: 40 });
  const { user, close } = open('/');
  const strip = within(await screen.findByRole('region', { name: 'Continue watching' }));
  const links = strip.getAllByRole('link');
  expect(links.map((link) => link.getAttribute('href'))).toEqual(['/watch/new', '/watch/old']);
  expect(strip.getAllByLabelText('0:50 of 1:40')).toHaveLength(2);

  await user.click(strip.getByRole('button', { name: 'Remove new from what you began' }));
  expect(strip.queryByRole('link', { name: /new/ })).toBeNull();
  close();
  open('/');
  await screen.findByRole('region', { name: 'Continue watching' });
  expect(screen.queryByRole('link', { name: /new/ })).toBeNull();
});

it('forgets what was begun when one signs out', async () => {
  let ada: unknown = somebody();
  fakeApi.on('GET /api/accounts/me', () => ({ user: ada, registration: 'closed' }));
  fakeApi.on('POST /api/accounts/sign-out', () => {
    ada = null;
    return new Response(null, { status: 204 });
  });
  began('v', 50, 1);
  fakeApi.on('GET /api/videos/v', () => liveFilm({ title: 'Night Train' }));
  const { user } = open('/');
  expect(await screen.findByRole('link', { name: /Night Train/ })).toBeTruthy();
  await user.click(await screen.findByRole('button', { name: /Account of Ada/ }));
  await user.click(screen.getByRole('button', { name: 'Sign out' }));
  await waitFor(() => expect(screen.queryByText('Continue watching')).toBeNull());
  expect(localStorage.length).toBe(0);
});
