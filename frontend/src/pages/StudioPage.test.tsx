import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import type { Video } from '../api/types';
import { fakeApi } from '../testing/api';
import { liveFilm } from '../testing/films';
import { open } from '../testing/open';

let films: Video[];
let thrown: Video[];

const gone = () => new Response(null, { status: 204 });
const row = async (title: string) =>
  within(
    (await screen.findByRole('link', { name: title })).closest<HTMLElement>('li') as HTMLElement,
  );

beforeEach(() => {
  films = [
    liveFilm({ video_id: 'a', title: 'Summer' }),
    liveFilm({ video_id: 'b', title: 'Winter', visibility: 'private' }),
  ];
  thrown = [];
  fakeApi.on('GET /api/videos', (_, address) => ({
    items: address.searchParams.get('state') === 'thrown_away' ? thrown : films,
  }));
  fakeApi.on('GET /api/search', () => ({ items: films.slice(1), query: '' }));
  for (const id of ['a', 'b']) {
    const take = (from: Video[], to: Video[]) => {
      const at = from.findIndex((film) => film.video_id === id);
      to.push(...from.splice(at, 1));
    };
    fakeApi.on(`PATCH /api/videos/${id}`, () => films[0]);
    fakeApi.on(`POST /api/videos/${id}/restore`, () => {
      take(thrown, films);
      return films[0];
    });
    fakeApi.on(`DELETE /api/videos/${id}`, () => {
      take(films, thrown);
      return gone();
    });
  }
});

it("shows one's films, who sees them, and finds those with some words", async () => {
  const { user } = open('/studio');
  expect((await row('Winter')).getByText('Private')).toBeTruthy();
  await user.type(screen.getByLabelText('Search my films'), 'win');
  await waitFor(() => expect(screen.queryByRole('link', { name: 'Summer' })).toBeNull());
  expect(fakeApi.asked).toContain('GET /api/search?limit=50&q=win&among=own');
});

it('deletes after a second thought, and takes back', async () => {
  const { user } = open('/studio');
  const summer = await row('Summer');
  await user.click(summer.getByRole('button', { name: 'Delete Summer' }));
  expect(fakeApi.asked.some((call) => call.startsWith('DELETE'))).toBe(false);
  await user.click(summer.getByRole('button', { name: 'Delete' }));
  await user.click(await screen.findByRole('button', { name: 'Take back Summer' }));
  expect(await screen.findByRole('link', { name: 'Summer' })).toBeTruthy();
  await waitFor(() => expect(screen.queryByText('Thrown away')).toBeNull());
});

it('changes all that are selected, and tells what could not be changed', async () => {
  const { user } = open('/studio');
  await user.click((await row('Summer')).getByRole('checkbox'));
  await user.click((await row('Winter')).getByRole('checkbox'));
  fakeApi.on('PATCH /api/videos/b', () =>
    Response.json({ detail: 'Come back later.' }, { status: 503 }),
  );
  await user.selectOptions(screen.getByLabelText('Who sees them'), 'unlisted');
  await user.click(screen.getByRole('button', { name: 'Apply' }));
  expect(await screen.findByText('1 of 2 could not be changed: Come back later.')).toBeTruthy();
  expect(fakeApi.asked).toContain('PATCH /api/videos/a {"visibility":"unlisted"}');
});
