import { screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { fakeApi } from '../testing/api';
import { film, liveFilm } from '../testing/films';
import { open } from '../testing/open';

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
