import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { fakeApi } from '../testing/api';
import { open } from '../testing/open';
import { somebody } from '../testing/people';

const gone = () => new Response(null, { status: 204 });
const eve = {
  ...somebody({ user_id: 'user-2', name: 'eve', display_name: 'Eve' }),
  suspended: false,
};

beforeEach(() => {
  fakeApi.on('GET /api/accounts/me', () => ({
    user: somebody({ role: 'admin' }),
    registration: 'closed',
  }));
  fakeApi.on('GET /api/admin/users', () => ({ items: [eve] }));
  fakeApi.on('GET /api/admin/audit', () => ({
    items: [
      {
        at: '2026-01-02T03:04:05Z',
        actor: '',
        action: 'refused',
        subject: 'eve',
        address: '192.0.2.9',
      },
    ],
  }));
  fakeApi.on('PATCH /api/admin/users/user-2', (body) => Object.assign(eve, body));
  fakeApi.on('DELETE /api/admin/users/user-2/sessions', gone);
  fakeApi.on('POST /api/admin/invitations', () => ({
    invitation: 's',
    path: '/sign-up?invitation=s',
    expires_at: '2026-01-09T00:00:00Z',
  }));
});

it('changes roles, suspends and signs out', async () => {
  const { user } = open('/admin');
  const users = within(await screen.findByRole('region', { name: 'Users' }));
  await user.selectOptions(await users.findByLabelText('Role of eve'), 'moderator');
  await user.click(users.getByRole('button', { name: 'Suspend eve' }));
  expect(await users.findByRole('button', { name: 'Let back in eve' })).toBeTruthy();
  await user.click(users.getByRole('button', { name: 'Sign out eve everywhere' }));
  expect(await users.findByText('eve is signed out everywhere.')).toBeTruthy();
  expect(fakeApi.asked).toContain('PATCH /api/admin/users/user-2 {"role":"moderator"}');
  expect(fakeApi.asked).toContain('PATCH /api/admin/users/user-2 {"suspended":true}');
});

it('invites, and shows what was done', async () => {
  const { user } = open('/admin');
  const invite = within(await screen.findByRole('region', { name: 'Invite somebody' }));
  await user.selectOptions(invite.getByLabelText('What they become'), 'viewer');
  await user.click(invite.getByRole('button', { name: 'Make a link' }));
  expect(await invite.findByText(/sign-up\?invitation=s$/)).toBeTruthy();
  expect(fakeApi.asked).toContain('POST /api/admin/invitations {"role":"viewer"}');
  await user.click(screen.getByRole('tab', { name: 'What was done' }));
  const done = await screen.findByRole('cell', { name: 'refused' });
  expect(within(done.closest('tr') as HTMLElement).getByText('a stranger')).toBeTruthy();
});

it('shows one part at a time, by arrows and by address', async () => {
  const { user, router, close } = open('/admin?tab=nonsense');
  const users = await screen.findByRole('tab', { name: 'Users', selected: true });
  expect(screen.getByRole('tabpanel', { name: 'Users' })).toBeTruthy();
  users.focus();
  await user.keyboard('{ArrowLeft}');
  const audit = await screen.findByRole('tab', { name: 'What was done', selected: true });
  await waitFor(() => expect(document.activeElement).toBe(audit));
  expect(screen.queryByRole('region', { name: 'Users' })).toBeNull();
  expect(router.state.location.searchStr).toBe('?tab=audit');
  await user.keyboard('{Home}');
  expect(await screen.findByRole('region', { name: 'Users' })).toBeTruthy();
  close();
  open('/admin?tab=audit');
  expect(await screen.findByRole('tabpanel', { name: 'What was done' })).toBeTruthy();
});

it('says how much somebody may upload, and takes it back', async () => {
  const none = { storage_bytes: null, daily_bytes: null, film_s: null };
  let quota: object = none;
  const path = '/api/admin/quotas/user-2';
  fakeApi.on(`GET ${path}`, () => ({ quota, stored_bytes: 2_500_000_000, day_bytes: 0 }));
  fakeApi.on(`PUT ${path}`, (body) => {
    quota = body as object;
    return { quota, stored_bytes: 0, day_bytes: 0 };
  });
  fakeApi.on(`DELETE ${path}`, () => {
    quota = none;
    return gone();
  });
  const { user } = open('/admin');
  await user.click(await screen.findByText('How much they may upload'));
  expect(await screen.findByText('2.5 GB are stored, 0 B were begun within a day.')).toBeTruthy();
  await user.type(screen.getByLabelText('In all, GB'), '0.5');
  await user.type(screen.getByLabelText('Longest film, minutes'), '90');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  expect(await screen.findByText('Saved.')).toBeTruthy();
  const sent = { storage_bytes: 500_000_000, daily_bytes: null, film_s: 5400 };
  expect(fakeApi.asked).toContain(`PUT ${path} ${JSON.stringify(sent)}`);
  await user.click(screen.getByRole('button', { name: 'As everybody' }));
  await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>('In all, GB').value).toBe(''));
});

it('shows what failed and why, and has it tried again', async () => {
  const job = {
    task_id: 'task-1',
    video_id: 'v',
    revision: 1,
    kind: 'video',
    tracks: '360p',
    first_segment: 4,
    segment_count: 5,
    priority: 4,
    state: 'failed',
    attempts: 5,
    deaths: 0,
    last_error: 'no room',
    worker: 'w1',
  };
  let jobs = [job];
  fakeApi.on('GET /api/admin/jobs', () => ({ items: jobs }));
  fakeApi.on('POST /api/admin/jobs/task-1/retry', () => {
    jobs = [];
    return gone();
  });
  const letter = {
    id: 'l',
    topic: 'videos',
    key: 'v',
    group: 'catalogue',
    reason: 'odd',
    attempts: 3,
  };
  let letters = [letter];
  fakeApi.on('GET /api/admin/dead-letters', () => ({ items: letters }));
  fakeApi.on('POST /api/admin/dead-letters/l/replay', () => {
    letters = [];
    return gone();
  });
  const { user } = open('/admin?tab=jobs');
  expect(await screen.findByText('no room')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Try again: video 360p 4 of v' }));
  expect(await screen.findByText('There is nothing to do.')).toBeTruthy();
  await user.click(screen.getByRole('tab', { name: 'Dead letters' }));
  await user.click(await screen.findByRole('button', { name: 'Send again: catalogue v' }));
  expect(await screen.findByText('No service has given up on anything.')).toBeTruthy();
});

it('is for admins alone', async () => {
  fakeApi.on('GET /api/accounts/me', () => ({ user: somebody(), registration: 'closed' }));
  open('/admin');
  expect(await screen.findByText('This is for admins')).toBeTruthy();
  await waitFor(() => expect(fakeApi.asked.some((call) => call.includes('admin'))).toBe(false));
});
