import { screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { fakeApi } from '../testing/api';
import { liveFilm } from '../testing/films';
import { open } from '../testing/open';

const own = { edit: true, delete: true };
const summer = liveFilm({ title: 'Summer', tags: ['sea'], may: own });
const tagged = (body: object, etag: string) => Response.json(body, { headers: { etag } });

it('saves what was changed, as it is to be sent', async () => {
  fakeApi.on('GET /api/videos/v', () => tagged(summer, '"3"'));
  fakeApi.on('PATCH /api/videos/v', (body) => tagged({ ...summer, ...(body as object) }, '"4"'));
  const { user } = open('/studio/v');
  const title = await screen.findByLabelText('Title');
  await user.clear(title);
  await user.type(title, 'Autumn');
  await user.type(screen.getByLabelText('Tags'), ', wind');
  await user.click(screen.getByLabelText(/^Shared/));
  await user.type(screen.getByLabelText('Names of those with whom it is shared'), 'bob, eve');
  await user.selectOptions(screen.getByLabelText('Category'), 'travel');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  expect(await screen.findByText('Saved.')).toBeTruthy();
  const sent = {
    title: 'Autumn',
    description: '',
    visibility: 'shared',
    shared_with: ['bob', 'eve'],
    tags: ['sea', 'wind'],
    category: 'travel',
    language: '',
  };
  expect(fakeApi.asked).toContain(`PATCH /api/videos/v ${JSON.stringify(sent)}`);
});

it('does not overwrite what another window saved', async () => {
  let title = 'Summer';
  fakeApi.on('GET /api/videos/v', () => tagged({ ...summer, title }, `"${title}"`));
  fakeApi.on('PATCH /api/videos/v', () =>
    Response.json({ detail: 'The video was changed in another window.' }, { status: 412 }),
  );
  const { user } = open('/studio/v');
  await screen.findByLabelText('Title');
  title = 'Changed elsewhere';
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await user.click(await screen.findByRole('button', { name: 'Show it as it is now' }));
  await waitFor(() =>
    expect(screen.getByLabelText<HTMLInputElement>('Title').value).toBe('Changed elsewhere'),
  );
});

it('is not for those who may not edit', async () => {
  fakeApi.on('GET /api/videos/v', () => tagged(liveFilm({ title: 'Summer' }), '"1"'));
  open('/studio/v');
  await waitFor(() => expect(screen.queryByLabelText('Title')).toBeNull());
  expect(await screen.findByRole('heading', { level: 1 })).toBeTruthy();
});

it('takes a password with its visibility, and needs none where there is one', async () => {
  fakeApi.on('GET /api/videos/v', () => tagged(summer, '"3"'));
  fakeApi.on('PATCH /api/videos/v', () => tagged({ ...summer, visibility: 'password' }, '"4"'));
  const { user } = open('/studio/v');
  await user.click(await screen.findByLabelText(/^With a password/));
  const password = () => screen.getByLabelText<HTMLInputElement>('Password');
  expect(password().required).toBe(true);
  await user.type(password(), 'open sesame');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await screen.findByText('Saved.');
  const sent = fakeApi.asked.find((one) => one.startsWith('PATCH'));
  expect(sent).toContain('"visibility":"password","password":"open sesame"');
  await waitFor(() => expect(password().required).toBe(false));
});
