import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { fakeApi } from '../testing/api';
import { liveFilm } from '../testing/films';
import { open } from '../testing/open';

it('shows the films of an owner, by their name', async () => {
  const owned = liveFilm({ title: 'Night Train', owner: 'user-1', owner_name: 'Ada' });
  fakeApi.on('GET /api/videos', (_, { searchParams }) => ({
    items: searchParams.get('owner') === 'user-1' ? [owned] : [],
  }));
  open('/browse/owner/user-1');
  expect(await screen.findByRole('heading', { level: 1, name: 'Films of Ada' })).toBeTruthy();
  expect(screen.getByRole('link', { name: /Night Train/ })).toBeTruthy();
});

it('says when there is nothing, and asks for nothing where there is no such shelf', async () => {
  const { close } = open('/browse/tag/owls');
  expect(await screen.findByText('There is nothing here')).toBeTruthy();
  expect(fakeApi.asked.some((call) => call.includes('tag=owls'))).toBe(true);
  close();
  open('/browse/constructor/x');
  expect(await screen.findByText('There is nothing here')).toBeTruthy();
  expect(fakeApi.asked.some((call) => call.includes('constructor'))).toBe(false);
});
