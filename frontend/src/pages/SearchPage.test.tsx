import { fireEvent, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { fakeApi } from '../testing/api';
import { liveFilm } from '../testing/films';
import { open } from '../testing/open';

const hit = (title: string, q: string) => ({
  ...liveFilm({ title }),
  highlights: { title: [{ text: title, hit: title.includes(q) }], description: [] },
});

it('searches while one types, once for what was meant, and keeps it in the address', async () => {
  fakeApi.on('GET /api/search', (_, { searchParams }) => {
    const q = searchParams.get('q') ?? '';
    return { items: 'night train'.includes(q) ? [hit('night train', q)] : [] };
  });
  const { user, router } = open('/');
  const box = await screen.findByRole('searchbox');
  // All within one moment, so that no pause can come between two letters.
  for (const value of ['n', 'ni', 'nig', 'nigh', 'night'])
    fireEvent.change(box, { target: { value } });
  expect(await screen.findByRole('link', { name: /night train/ })).toBeTruthy();
  expect(screen.getByText('1 film found')).toBeTruthy();
  expect(router.state.location.href).toBe('/search?q=night');
  expect(fakeApi.asked.filter((call) => call.startsWith('GET /api/search'))).toHaveLength(1);

  await user.type(screen.getByRole('searchbox'), ' owl');
  expect(await screen.findByText('Nothing found for “night owl”')).toBeTruthy();
  expect(router.state.location.href).toBe('/search?q=night+owl');
});

it('says what went wrong, and tries again', async () => {
  fakeApi.on('GET /api/search', () =>
    Response.json({ title: 'Busy', detail: 'The search is starting. Try again.' }, { status: 503 }),
  );
  const { user } = open('/search?q=owl');
  expect(await screen.findByText('The search is starting. Try again.')).toBeTruthy();
  fakeApi.on('GET /api/search', () => ({ items: [hit('owl', 'owl')] }));
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByRole('link', { name: /owl/ })).toBeTruthy();
});
