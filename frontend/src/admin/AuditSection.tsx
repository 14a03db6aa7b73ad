import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { useDeferredValue, useId, useState } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import { t } from '../i18n';
import '../i18n/admin';
import { Problem } from '../ui/Problem';
import { More } from '../videos/More';

const COLUMNS = ['at', 'actor', 'action', 'subject', 'address'] as const;

const audit = (user: string) =>
  infiniteQueryOptions({
    queryKey: ['admin', 'audit', user],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...(user ? { user } : {}), ...(pageParam ? { cursor: pageParam } : {}) };
      return unwrap(api.GET('/api/admin/audit', { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** Who did what, the newest first. */
export function AuditSection() {
  const id = useId();
  const [user, setUser] = useState('');
  const list = useInfiniteQuery(audit(useDeferredValue(user.trim())));
  const entries = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className="account-section admin-section" aria-labelledby={id}>
      <h2 id={id}>{t('admin.audit')}</h2>
      <div className="field studio-search">
        <label htmlFor={`${id}-user`}>{t('admin.audit.user')}</label>
        <input
          id={`${id}-user`}
          type="search"
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
        />
      </div>
      {list.error && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && entries.length === 0 && <p role="status">{t('admin.audit.none')}</p>}
      {entries.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        <section className="admin-table" aria-label={t('admin.audit.list')} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {COLUMNS.map((column) => (
                  <th key={column} scope="col">
                    {t(`admin.audit.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <tr key={COLUMNS.map((column) => entry[column]).join(' ')}>
                  <td>
                    <time dateTime={entry.at}>{entry.at.replace('T', ' ').slice(0, 19)}</time>
                  </td>
                  <td>{entry.actor || t('admin.audit.stranger')}</td>
                  <td>{entry.action}</td>
                  <td>{entry.subject}</td>
                  <td>{entry.address}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <More
        has={list.hasNextPage}
        loading={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}
