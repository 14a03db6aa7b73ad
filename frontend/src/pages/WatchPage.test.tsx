import { fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, it, vi } from 'vitest';
import type { Engine } from '../player/engine';
import { fakeApi } from '../testing/api';
import { film, liveFilm, watchOf } from '../testing/films';
import { open } from '../testing/open';
import { unlocking } from '../watch/unlocking';

const engine: Engine = {
  name: 'hls',
  hasQualities: true,
  setQuality: vi.fn(),
  setCap: vi.fn(),
  bandwidth: () => undefined,
  destroy: vi.fn(),
};

vi.mock('../player/engine', async (original) => ({
  ...(await original<object>()),
  loadEngine: async () => async () => engine,
}));

const night = liveFilm({ video_id: 'night', title: 'Night Train' });
const day = liveFilm({ video_id: 'day', title: 'One Day' });

beforeEach(() => {
  for (const one of [night, day]) fakeApi.on(`GET /api/watch/${one.video_id}`, () => watchOf(one));
  fakeApi.on('GET /api/videos', () => ({ items: [night, day] }));
});

/** The player of a film that is loaded. */
async function player() {
  const video = await waitFor(() => {
    const found = document.querySelector('video');
    expect(screen.getByRole('button', { name: 'Settings' })).toBeTruthy();
    return found as HTMLVideoElement;
  });
  return video;
}

it('waits while a film is looked at, and starts by itself', async () => {
  const processing = film({ video_id: 'new', title: 'New' });
  fakeApi.on('GET /api/watch/new', () => watchOf(processing));
  open('/watch/new');
  expect(await screen.findByText('This film is being looked at')).toBeTruthy();
  expect(document.querySelector('video')).toBeNull();
  fakeApi.on('GET /api/watch/new', () => watchOf({ ...processing, ...liveFilm(), title: 'New' }));
  const shown = await screen.findByRole('region', { name: 'Video player' });
  expect(shown).toBeTruthy();
});

it('says why a film failed, and where to go from there', async () => {
  const problem = { type: '/problems/x', title: 'Not a video', detail: 'Export it as MP4.' };
  const failed = film({ state: 'failed', problem });
  fakeApi.on('GET /api/watch/v', () => watchOf(failed));
  open('/watch/v');
  expect((await screen.findByRole('alert')).textContent).toContain('Export it as MP4.');
  expect(screen.getByRole('link', { name: 'Upload another file' })).toBeTruthy();
});

it('knows when there is no such film', async () => {
  open('/watch/nobody');
  expect(await screen.findByText('There is no such film')).toBeTruthy();
});

it('obeys the keys, but not while somebody writes', async () => {
  const { user, router } = open('/watch/night');
  const video = await player();
  await waitFor(() => expect(video.paused).toBe(false));
  await user.keyboard('k');
  expect(video.paused).toBe(true);
  await user.keyboard('m');
  expect(video.muted).toBe(true);
  await user.keyboard('5l');
  expect(video.currentTime).toBe(60);
  await user.keyboard('{Shift>}>{/Shift}');
  expect(video.playbackRate).toBe(1.25);
  await user.keyboard('c');
  expect(screen.getByText('This film has no captions')).toBeTruthy();
  await user.keyboard('?');
  expect(screen.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeTruthy();
  fireEvent(screen.getByRole('dialog'), new Event('close'));

  await user.type(screen.getByRole('searchbox'), 'mk');
  expect(video.muted).toBe(true);
  expect(video.paused).toBe(true);

  await router.navigate({ to: '/watch/$id', params: { id: 'night' } });
  await player();
  (document.activeElement as HTMLElement).blur();
  await user.keyboard('n');
  expect(router.state.location.pathname).toBe('/watch/night');
  await user.keyboard('{Shift>}N{/Shift}');
  expect(await screen.findByRole('heading', { name: 'One Day', level: 1 })).toBeTruthy();
});

it('has its choices in a menu that keys move in', async () => {
  const { user } = open('/watch/night');
  const video = await player();
  await user.click(screen.getByRole('button', { name: 'Settings' }));
  await user.keyboard('{ArrowDown}{Enter}');
  expect(screen.getByRole('menu', { name: 'Speed' })).toBeTruthy();
  await user.click(screen.getByRole('menuitemradio', { name: '1.5×' }));
  expect(video.playbackRate).toBe(1.5);
  expect(screen.queryByRole('menu')).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Settings' }));
});

it('names the chapters of a film', async () => {
  const chapters = [
    { title: 'Intro', start_s: 0 },
    { title: 'The lake', start_s: 30 },
  ];
  fakeApi.on('GET /api/watch/night', () => watchOf({ ...night, chapters }));
  const { user } = open('/watch/night');
  await player();
  expect(screen.getByText('Intro')).toBeTruthy();
  await user.keyboard('5');
  expect(screen.getByText('The lake')).toBeTruthy();
  const seek = screen.getByRole('slider', { name: 'Seek' });
  expect(seek.getAttribute('aria-valuetext')).toBe('0:50 of 1:40, The lake');
});

it('asks for the password of a film, and shows the film to whoever knows it', async () => {
  const locked = { type: '/problems/password-required', detail: 'This takes a password.' };
  let asked = 0;
  fakeApi.on('GET /api/watch/night', () => {
    asked += 1;
    return asked === 1 ? Response.json(locked, { status: 403 }) : watchOf(night);
  });
  fakeApi.on('POST /api/videos/night/unlock', (body) =>
    (body as { password: string }).password === 'open sesame'
      ? { key: '1.2.3' }
      : Response.json({ detail: 'The password is wrong.' }, { status: 403 }),
  );
  const { user } = open('/watch/night');
  const field = await screen.findByLabelText('Password');
  await user.type(field, 'guess one');
  await user.click(screen.getByRole('button', { name: 'Watch' }));
  expect((await screen.findByRole('alert')).textContent).toBe('The password is wrong.');
  await user.clear(field);
  await user.type(field, 'open sesame');
  await user.click(screen.getByRole('button', { name: 'Watch' }));
  expect(await screen.findByRole('region', { name: 'Video player' })).toBeTruthy();
  expect(unlocking('night')).toEqual({ 'marquee-unlock': '1.2.3' });
});
