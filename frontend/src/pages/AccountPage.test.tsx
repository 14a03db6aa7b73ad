import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { fakeApi } from '../testing/api';
import { open } from '../testing/open';
import { somebody } from '../testing/people';

const done = () => new Response(null, { status: 204 });

beforeEach(() => {
  const seen = { created_at: '2026-01-01T00:00:00Z', seen_at: '2026-01-02T00:00:00Z' };
  const sessions = [
    { session_id: 's-1', user_agent: 'Firefox', address: '192.0.2.1', current: true, ...seen },
    { session_id: 's-2', user_agent: 'Chromium', address: '192.0.2.2', current: false, ...seen },
  ];
  const tokens: unknown[] = [];
  fakeApi.on('GET /api/accounts/me', () => ({ user: somebody(), registration: 'invitation' }));
  fakeApi.on('GET /api/accounts/sessions', () => ({ items: sessions }));
  fakeApi.on('DELETE /api/accounts/sessions/s-2', () => {
    sessions.pop();
    return done();
  });
  fakeApi.on('GET /api/accounts/tokens', () => ({ items: tokens }));
  fakeApi.on('POST /api/accounts/tokens', (body) => {
    tokens.push({ token_id: 't-1', created_at: '2026-01-01T00:00:00Z', ...(body as object) });
    return { ...(body as object), secret: 'mqt_secret' };
  });
  fakeApi.on('POST /api/accounts/password', done);
  fakeApi.on('DELETE /api/accounts/me', done);
});

it('shows where one is signed in, and ends one of them', async () => {
  const { user } = open('/account');
  expect(await screen.findByText('You are ada, uploader.')).toBeTruthy();
  await user.click(await screen.findByRole('button', { name: 'Sign out of Chromium' }));
  await waitFor(() => expect(screen.queryByText('Chromium')).toBeNull());
  expect(screen.getByText('Firefox')).toBeTruthy();
});

it('changes the password and forgets what was typed', async () => {
  const { user } = open('/account');
  await user.type(await screen.findByLabelText('Current password'), 'old horse');
  await user.type(screen.getByLabelText('New password'), 'new horse{Enter}');
  expect(await screen.findByText(/The password is changed/)).toBeTruthy();
  expect(fakeApi.asked).toContain(
    'POST /api/accounts/password {"current":"old horse","new":"new horse"}',
  );
  expect(screen.getByLabelText<HTMLInputElement>('New password').value).toBe('');
});

it('makes a token, which is shown once', async () => {
  const { user } = open('/account');
  const section = within(await screen.findByRole('region', { name: 'Tokens for programs' }));
  expect(section.queryByLabelText('What moderators and admins may')).toBeNull();
  await user.type(section.getByLabelText('What it is for'), 'the cutting room');
  await user.click(section.getByLabelText('Upload films'));
  await user.click(section.getByRole('button', { name: 'Make a token' }));
  expect(await section.findByText('mqt_secret')).toBeTruthy();
  expect(await section.findByText('the cutting room')).toBeTruthy();
  expect(fakeApi.asked).toContain(
    'POST /api/accounts/tokens {"name":"the cutting room","scopes":["read","upload"]}',
  );
});

it('deletes the account only after a second thought, with the password', async () => {
  const { user, router } = open('/account');
  await user.click(await screen.findByRole('button', { name: 'Delete the account' }));
  await user.type(await screen.findByLabelText('Password'), 'correct horse');
  expect(fakeApi.asked.some((call) => call.startsWith('DELETE'))).toBe(false);
  await user.click(screen.getByRole('button', { name: 'Delete it for good' }));
  await waitFor(() => expect(router.state.location.pathname).toBe('/'));
  expect(fakeApi.asked).toContain('DELETE /api/accounts/me {"password":"correct horse"}');
});

it('unlinks another way in, and has none where there is none', async () => {
  const { close } = open('/account');
  expect(await screen.findByText('You are ada, uploader.')).toBeTruthy();
  expect(screen.queryByText('Other ways to sign in')).toBeNull();
  close();
  let linked = true;
  fakeApi.on('GET /api/accounts/oidc', () => ({
    items: [{ id: 'login', name: 'The login', linked }],
  }));
  fakeApi.on('DELETE /api/accounts/oidc/login/link', () => {
    linked = false;
    return done();
  });
  const { user } = open('/account');
  await user.click(await screen.findByRole('button', { name: 'Unlink The login' }));
  expect(await screen.findByRole('button', { name: 'Link The login' })).toBeTruthy();
});
