import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import { t } from '../i18n';
import { age } from '../lib/format';
import { Problem } from '../ui/Problem';
import { useNow } from '../ui/useNow';

const sessions = () =>
  queryOptions({
    queryKey: ['sessions'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/accounts/sessions', { signal })),
  });

/** Where one is signed in, and a way to end each of them. */
export function SessionsSection() {
  const id = useId();
  const now = useNow();
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(sessions());
  const gone = { onSuccess: () => queries.invalidateQueries({ queryKey: ['sessions'] }) };
  const end = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE('/api/accounts/sessions/{id}', { params: { path: { id } } })),
    ...gone,
  });
  const endOthers = useMutation({
    mutationFn: () => unwrap(api.DELETE('/api/accounts/sessions')),
    ...gone,
  });
  return (
    <section className="account-section" aria-labelledby={id}>
      <h2 id={id}>{t('account.sessions')}</h2>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      <ul className="account-list">
        {data?.items.map((session) => (
          <li key={session.session_id}>
            <div>
              <p>{session.user_agent || t('account.session.unknown')}</p>
              <p className="account-facts">
                {session.address} · {age(new Date(session.seen_at), now)}
              </p>
            </div>
            {session.current ? (
              <span className="account-current">{t('account.session.current')}</span>
            ) : (
              <button
                type="button"
                className="button button-quiet"
                aria-label={t('account.session.end.name', { name: session.user_agent })}
                onClick={() => end.mutate(session.session_id)}
              >
                {t('account.session.end')}
              </button>
            )}
          </li>
        ))}
      </ul>
      {(data?.items.length ?? 0) > 1 && (
        <button
          type="button"
          className="button button-quiet"
          aria-disabled={endOthers.isPending}
          onClick={() => endOthers.mutate()}
        >
          {t('account.sessions.end')}
        </button>
      )}
    </section>
  );
}
