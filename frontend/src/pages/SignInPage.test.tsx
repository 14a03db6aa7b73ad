import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { fakeApi } from '../testing/api';
import { open } from '../testing/open';
import { somebody } from '../testing/people';

/** A Marquee with accounts, where nobody is signed in until they are. */
function accounts(registration = 'invitation') {
  let user: unknown = null;
  fakeApi.on('GET /api/accounts/me', () => ({ user, registration }));
  const comes = () => {
    user = somebody();
    return user;
  };
  fakeApi.on('POST /api/accounts/sign-in', comes);
  fakeApi.on('POST /api/accounts/sign-up', comes);
  fakeApi.on('POST /api/accounts/claim', comes);
  fakeApi.on('POST /api/accounts/sign-out', () => {
    user = null;
    return new Response(null, { status: 204 });
  });
}

it('signs in, goes back to where one came from, and signs out', async () => {
  accounts();
  const { user, router } = open('/search?q=owl');
  await user.click(await screen.findByRole('link', { name: 'Sign in' }));
  await user.type(await screen.findByLabelText('Name'), 'ada');
  await user.type(screen.getByLabelText('Password'), 'correct horse{Enter}');
  const menu = await screen.findByRole('button', { name: 'Account of Ada' });
  expect(router.state.location.href).toBe('/search?q=owl');
  expect(fakeApi.asked).toContain(
    'POST /api/accounts/sign-in {"name":"ada","password":"correct horse"}',
  );

  await user.click(menu);
  await user.click(screen.getByRole('button', { name: 'Sign out' }));
  expect(await screen.findByRole('link', { name: 'Sign in' })).toBeTruthy();
});

it('says why it does not work, and keeps what was typed', async () => {
  accounts();
  fakeApi.on('POST /api/accounts/sign-in', () =>
    Response.json({ detail: 'The name or the password is wrong.' }, { status: 401 }),
  );
  const { user } = open('/sign-in');
  await user.type(await screen.findByLabelText('Name'), 'ada');
  await user.type(screen.getByLabelText('Password'), 'wrong horse{Enter}');
  expect((await screen.findByRole('alert')).textContent).toBe('The name or the password is wrong.');
  expect(screen.getByLabelText<HTMLInputElement>('Name').value).toBe('ada');
});

it('asks whoever wants to upload to sign in, and returns there', async () => {
  accounts();
  const { user, router } = open('/upload');
  await user.type(await screen.findByLabelText('Name'), 'ada');
  await user.type(screen.getByLabelText('Password'), 'correct horse{Enter}');
  expect(await screen.findByRole('heading', { name: 'Upload films' })).toBeTruthy();
  expect(router.state.location.href).toBe('/upload');
});

it('makes accounts by invitation only, where that is so', async () => {
  accounts();
  const { close } = open('/sign-up');
  expect(await screen.findByText('Accounts are by invitation here')).toBeTruthy();
  close();
  const { user, router } = open('/sign-up?invitation=i-1');
  await user.type(await screen.findByLabelText('Name'), 'ada');
  await user.type(screen.getByLabelText('New password'), 'correct horse{Enter}');
  expect(await screen.findByRole('button', { name: 'Account of Ada' })).toBeTruthy();
  expect(router.state.location.href).toBe('/');
  expect(fakeApi.asked).toContain(
    'POST /api/accounts/sign-up {"name":"ada","password":"correct horse","invitation":"i-1"}',
  );
});

it('makes the first admin by the link of the operator', async () => {
  accounts();
  const { user } = open('/claim?token=once');
  await user.type(await screen.findByLabelText('Name'), 'ada');
  await user.type(screen.getByLabelText('New password'), 'correct horse{Enter}');
  expect(await screen.findByRole('button', { name: 'Account of Ada' })).toBeTruthy();
  expect(fakeApi.asked).toContain(
    'POST /api/accounts/claim {"token":"once","name":"ada","password":"correct horse"}',
  );
});

it('has neither where there are no accounts', async () => {
  open('/');
  expect(await screen.findByText('Nothing is showing yet')).toBeTruthy();
  expect(screen.queryByRole('link', { name: 'Sign in' })).toBeNull();
  expect(screen.queryByRole('button', { name: /Account of/ })).toBeNull();
});

it('offers other ways in, which lead back here, and says why one did not work', async () => {
  accounts();
  fakeApi.on('GET /api/accounts/oidc', () => ({
    items: [{ id: 'login', name: 'The login', linked: false }],
  }));
  open('/sign-in?to=/search?q=owl&oidc=away');
  const link = await screen.findByRole('link', { name: 'Sign in with The login' });
  expect(link.getAttribute('href')).toBe(
    '/api/accounts/oidc/login/start?return=%2Fsearch%3Fq%3Dowl',
  );
  expect(screen.getByRole('alert').textContent).toMatch('cannot be reached');
});
