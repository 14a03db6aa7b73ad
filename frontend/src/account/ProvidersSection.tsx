import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import { t } from '../i18n';
import { Problem } from '../ui/Problem';
import { providers } from './providers';

/** Links the account with those one has elsewhere, where there are such. */
export function ProvidersSection() {
  const id = useId();
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(providers());
  const link = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.POST('/api/accounts/oidc/{id}/link', { params: { path: { id } } })),
    onSuccess: ({ url }) => window.location.assign(url),
  });
  const unlink = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE('/api/accounts/oidc/{id}/link', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['providers'] }),
  });
  if (!error && !data?.items.length) return null;
  const failed = error ?? link.error ?? unlink.error;
  return (
    <section className="account-section" aria-labelledby={id}>
      <h2 id={id}>{t('account.providers')}</h2>
      {failed && <Problem error={failed} onRetry={() => void refetch()} />}
      <ul className="account-list">
        {data?.items.map((provider) => (
          <li key={provider.id}>
            <p>{provider.name}</p>
            <button
              type="button"
              className="button button-quiet"
              onClick={() => (provider.linked ? unlink : link).mutate(provider.id)}
            >
              {provider.linked
                ? t('account.provider.unlink', { name: provider.name })
                : t('account.provider.link', { name: provider.name })}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
