import { screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { fakeApi } from '../testing/api';
import { liveFilm } from '../testing/films';
import { open } from '../testing/open';
import { uploads } from '../upload/store';

const own = { edit: true, delete: true };
const summer = liveFilm({ title: 'Summer', may: own, revision: 1 });
const progress = { segments_done: 1, segments_total: 4 };
const shown = (body: object) => () => Response.json(body, { headers: { etag: '"1"' } });

it('says how far the file is that is to replace another', async () => {
  const replacement = { revision: 2, state: 'processing' as const, progress };
  fakeApi.on('GET /api/videos/v', shown({ ...summer, replacement }));
  open('/studio/v');
  expect(await screen.findByText('The new file is being prepared: 25 %.')).toBeTruthy();
});

it('says why a file did not replace another', async () => {
  const problem = { type: '/problems/x', title: 'No film', detail: 'Choose a film.' };
  const replacement = { revision: 2, state: 'failed' as const, progress, problem };
  fakeApi.on('GET /api/videos/v', shown({ ...summer, replacement }));
  open('/studio/v');
  expect((await screen.findByRole('alert')).textContent).toBe('Choose a film.');
});

it('sends a chosen file as that of the film', async () => {
  const replace = vi.spyOn(uploads, 'replace').mockReturnValue();
  fakeApi.on('GET /api/videos/v', shown(summer));
  const { user } = open('/studio/v');
  const input = await screen.findByLabelText('The file that is to take its place');
  const file = new File(['film'], 'film.mp4');
  await user.upload(input, file);
  expect(replace).toHaveBeenCalledWith({ file }, 'v');
});
