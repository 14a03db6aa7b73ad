import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import type { Role, TokenScope } from '../api/types';
import { t } from '../i18n';
import { age } from '../lib/format';
import { Problem } from '../ui/Problem';
import { useNow } from '../ui/useNow';
import { AccountForm } from './AccountForm';
import { Field } from './Field';

const tokens = () =>
  queryOptions({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/accounts/tokens', { signal })),
  });

function scopesOf(role: Role): TokenScope[] {
  if (role === 'viewer') return ['read'];
  const own: TokenScope[] = ['read', 'upload', 'edit'];
  return role === 'uploader' ? own : [...own, 'admin'];
}

function Scopes({ role }: { role: Role }) {
  return (
    <fieldset className="account-scopes">
      <legend>{t('account.tokens.scopes')}</legend>
      {scopesOf(role).map((scope) => (
        <label key={scope}>
          <input type="checkbox" name="scopes" value={scope} defaultChecked={scope === 'read'} />
          {t(`account.scope.${scope}`)}
        </label>
      ))}
    </fieldset>
  );
}

/** What programs sign in with. A token is shown once, when it is made. */
export function TokensSection({ role }: { role: Role }) {
  const id = useId();
  const now = useNow();
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(tokens());
  const changed = { onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }) };
  const make = useMutation({
    mutationFn: (body: { name: string; scopes: TokenScope[] }) =>
      unwrap(api.POST('/api/accounts/tokens', { body })),
    ...changed,
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE('/api/accounts/tokens/{id}', { params: { path: { id } } })),
    ...changed,
  });
  const submit = (values: FormData) =>
    make.mutate({
      name: String(values.get('name')),
      scopes: values.getAll('scopes').map((scope) => scope as TokenScope),
    });
  return (
    <section className="account-section" aria-labelledby={id}>
      <h2 id={id}>{t('account.tokens')}</h2>
      <p>{t('account.tokens.hint')}</p>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      <ul className="account-list">
        {data?.items.map((token) => (
          <li key={token.token_id}>
            <div>
              <p>{token.name}</p>
              <p className="account-facts">
                {token.scopes.map((scope) => t(`account.scope.${scope}`)).join(', ')} ·{' '}
                {age(new Date(token.created_at), now)}
              </p>
            </div>
            <button
              type="button"
              className="button button-quiet"
              aria-label={t('account.tokens.remove.name', { name: token.name })}
              onClick={() => remove.mutate(token.token_id)}
            >
              {t('account.tokens.remove')}
            </button>
          </li>
        ))}
      </ul>
      {make.data && (
        <p className="account-secret" role="status">
          {t('account.tokens.made')} <code>{make.data.secret}</code>
        </p>
      )}
      <AccountForm
        action={t('account.tokens.make')}
        busy={make.isPending}
        error={make.error}
        onSubmit={submit}
      >
        <Field name="name" label={t('account.tokens.name')} maxLength={60} required />
        <Scopes role={role} />
      </AccountForm>
    </section>
  );
}
