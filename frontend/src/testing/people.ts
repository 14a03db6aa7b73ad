import type { User } from '../api/types';

/** Somebody with an account. */
export const somebody = (change: Partial<User> = {}): User => ({
  user_id: 'user-1',
  name: 'ada',
  display_name: 'Ada',
  email: null,
  role: 'uploader',
  created_at: '2026-01-01T00:00:00Z',
  ...change,
});

/** Whom everybody is where there are no accounts. */
export const localOwner = somebody({ user_id: 'local', name: 'local', role: 'admin' });
