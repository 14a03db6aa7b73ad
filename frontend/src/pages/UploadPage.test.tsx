import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, it, vi } from 'vitest';
import { fakeApi } from '../testing/api';
import { film, upload } from '../testing/films';
import { open } from '../testing/open';
import { crc32c, crcToBase64 } from '../upload/crc32c';
import { FakeCrowd } from '../upload/crowd';
import { fileOf, plainHasher } from '../upload/fake';
import { uploads } from '../upload/store';

const crowd = vi.hoisted(() => ({ server: undefined as FakeCrowd | undefined }));
const server = () => crowd.server as FakeCrowd;

vi.mock('../upload/transport', () => ({
  // One for each story, asked for at each call.
  httpTransport: new Proxy({}, { get: (_, name) => Reflect.get(server(), name).bind(server()) }),
}));
vi.mock('../upload/hasher', async (original) => ({
  ...(await original<object>()),
  WorkerHasher: class {
    crc32c = (blob: Blob) => plainHasher.crc32c(blob);
  },
}));

beforeEach(() => {
  crowd.server = new FakeCrowd();
  for (const item of uploads.snapshot()) uploads.remove(item);
});

const FILE = 'twenty bytes of film';
const stepOf = (row: HTMLElement, name: string) =>
  within(row).getByText(name).closest('li')?.dataset.state;

it('takes several files; each has its steps, and its title can be edited meanwhile', async () => {
  let opened: () => void = () => undefined;
  server().gate = new Promise((resolve) => {
    opened = resolve;
  });
  const id = 'day.mp4-video-1';
  fakeApi.on(`PATCH /api/videos/${id}`, () => film());
  fakeApi.on(`GET /api/videos/${id}`, () => film({ video_id: id, state: 'playable' }));
  const { user } = open('/upload');
  const input = await screen.findByLabelText('Choose film files to upload');
  await user.upload(input, [fileOf(FILE, 'day.mp4'), fileOf(FILE, 'night.mp4')]);

  const day = await screen.findByRole('article', { name: 'day.mp4' });
  const night = await screen.findByRole('article', { name: 'night.mp4' });
  const title = await within(day).findByLabelText('Title');
  expect(stepOf(day, 'Upload')).toBe('now');
  expect(stepOf(night, 'Upload')).toBe('now');
  await user.clear(title);
  await user.type(title, 'One day');
  await within(day).findByText('Saved');
  expect(fakeApi.asked).toContain(`PATCH /api/videos/${id} {"title":"One day"}`);
  expect(stepOf(day, 'Upload')).toBe('now');

  opened();
  await within(day).findByRole('link', { name: 'Watch' });
  expect(stepOf(day, 'Upload')).toBe('done');
  expect(stepOf(day, 'Live')).toBe('now');
  await waitFor(() => expect(stepOf(night, 'Process')).toBe('now'));
});

it('finds after a refresh what was under way, and sends only what is missing', async () => {
  const sum = crcToBase64(crc32c(new TextEncoder().encode(FILE.slice(0, 10))));
  const half = upload({ parts: [{ number: 1, size_bytes: 10, crc32c: sum }] });
  const stored = server().adopt(half);
  fakeApi.on('GET /api/uploads', () => ({ items: [half] }));
  fakeApi.on('GET /api/videos/video-1', () => film());
  const { user } = open('/upload');
  const row = await screen.findByRole('article', { name: 'film.mp4' });
  expect(row.textContent).toContain('50 % of 20 B are stored.');

  const input = within(row).getByLabelText('Choose the file again to resume');
  await user.upload(input, fileOf('another film', 'other.mp4'));
  expect((await within(row).findByRole('alert')).textContent).toContain('This is another file');

  await user.upload(input, fileOf(FILE, 'film.mp4'));
  await waitFor(() =>
    expect(stepOf(screen.getByRole('article', { name: 'film.mp4' }), 'Upload')).toBe('done'),
  );
  expect(stored.puts).toEqual([2]);
});

it('says why an upload failed and what helps', async () => {
  const { user } = open('/upload');
  const input = await screen.findByLabelText('Choose film files to upload');
  await user.upload(input, fileOf('', 'empty.mp4'));
  const row = await screen.findByRole('article', { name: 'empty.mp4' });
  expect((await within(row).findByRole('alert')).textContent).toBe(
    'This file is empty. Choose a film.',
  );
  await user.click(within(row).getByRole('button', { name: /^Dismiss/ }));
  expect(screen.queryByRole('article')).toBeNull();
});
