import {
  infiniteQueryOptions,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import { useDeferredValue, useId, useState } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { ManagedUser, Role } from '../api/types';
import { t } from '../i18n';
import '../i18n/account';
import '../i18n/admin';
import { age } from '../lib/format';
import { Problem } from '../ui/Problem';
import { useNow } from '../ui/useNow';
import { More } from '../videos/More';
import { QuotaForm } from './QuotaForm';

export const ROLES: Role[] = ['viewer', 'uploader', 'moderator', 'admin'];

const users = (words: string) =>
  infiniteQueryOptions({
    queryKey: ['admin', 'users', words],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...(words ? { q: words } : {}), ...(pageParam ? { cursor: pageParam } : {}) };
      return unwrap(api.GET('/api/admin/users', { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

interface RowProps {
  user: ManagedUser;
  now: Date;
  onChange(body: { role?: Role; suspended?: boolean }): void;
  onSignOut(): void;
}

function UserRow({ user, now, onChange, onSignOut }: RowProps) {
  const { name } = user;
  const [quota, setQuota] = useState(false);
  return (
    <li className="studio-row">
      <div className="studio-text">
        <p>
          <strong>{name}</strong> {user.email}
        </p>
        <p className="studio-facts">
          {t('admin.user.since', { age: age(new Date(user.created_at), now) })}
          {user.suspended && <span className="studio-problem"> · {t('admin.user.suspended')}</span>}
        </p>
        <details open={quota} onToggle={(event) => setQuota(event.currentTarget.open)}>
          <summary aria-label={t('admin.quota.name', { name })}>{t('admin.quota')}</summary>
          {quota && <QuotaForm user={user} />}
        </details>
      </div>
      <div className="studio-actions field">
        <select
          value={user.role}
          aria-label={t('admin.user.role', { name })}
          onChange={(event) => onChange({ role: event.currentTarget.value as Role })}
        >
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {t(`account.role.${role}`)}
            </option>
          ))}
        </select>
        <button
          type="button"
          className="button button-quiet"
          aria-label={t('admin.user.sign-out.name', { name })}
          onClick={onSignOut}
        >
          {t('admin.user.sign-out')}
        </button>
        <button
          type="button"
          className="button button-quiet"
          aria-label={t(user.suspended ? 'admin.user.reinstate.name' : 'admin.user.suspend.name', {
            name,
          })}
          onClick={() => onChange({ suspended: !user.suspended })}
        >
          {t(user.suspended ? 'admin.user.reinstate' : 'admin.user.suspend')}
        </button>
      </div>
    </li>
  );
}

/** Who there is, and what they may do. */
export function UsersSection() {
  const id = useId();
  const now = useNow();
  const queries = useQueryClient();
  const [words, setWords] = useState('');
  const list = useInfiniteQuery(users(useDeferredValue(words.trim())));
  const found = list.data?.pages.flatMap((page) => page.items) ?? [];
  const refresh = () => queries.invalidateQueries({ queryKey: ['admin'] });
  const change = useMutation({
    mutationFn: ({
      user,
      body,
    }: {
      user: ManagedUser;
      body: { role?: Role; suspended?: boolean };
    }) =>
      unwrap(api.PATCH('/api/admin/users/{id}', { params: { path: { id: user.user_id } }, body })),
    onSettled: refresh,
  });
  const signOut = useMutation({
    mutationFn: (user: ManagedUser) =>
      unwrap(
        api.DELETE('/api/admin/users/{id}/sessions', { params: { path: { id: user.user_id } } }),
      ),
    onSettled: refresh,
  });
  const error = change.error ?? signOut.error;
  return (
    <section className="account-section admin-section" aria-labelledby={id}>
      <h2 id={id}>{t('admin.users')}</h2>
      <div className="field studio-search">
        <label htmlFor={`${id}-q`}>{t('admin.users.search')}</label>
        <input
          id={`${id}-q`}
          type="search"
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      </div>
      {list.error && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {error && (
        <p className="account-problem" role="alert">
          {error.message}
        </p>
      )}
      <p role="status">
        {signOut.isSuccess && t('admin.user.signed-out', { name: signOut.variables.name })}
        {list.isSuccess && found.length === 0 && t('admin.users.none')}
      </p>
      <ul className="studio-list admin-list">
        {found.map((user) => (
          <UserRow
            key={user.user_id}
            user={user}
            now={now}
            onChange={(body) => change.mutate({ user, body })}
            onSignOut={() => signOut.mutate(user)}
          />
        ))}
      </ul>
      <More
        has={list.hasNextPage}
        loading={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}
