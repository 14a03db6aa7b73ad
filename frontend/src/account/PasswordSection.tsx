import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import { t } from '../i18n';
import { AccountForm } from './AccountForm';
import { NewPasswordField, PasswordField } from './Fields';

export function PasswordSection() {
  const id = useId();
  const queries = useQueryClient();
  // What was typed goes away with the form that was sent.
  const [done, setDone] = useState(0);
  const change = useMutation({
    mutationFn: (body: { current: string; new: string }) =>
      unwrap(api.POST('/api/accounts/password', { body })),
    onSuccess: () => {
      setDone(done + 1);
      return queries.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  return (
    <section className="account-section" aria-labelledby={id}>
      <h2 id={id}>{t('account.password.change')}</h2>
      <AccountForm
        key={done}
        action={t('account.password.change')}
        busy={change.isPending}
        error={change.error}
        onSubmit={(values) =>
          change.mutate({
            current: String(values.get('current')),
            new: String(values.get('password')),
          })
        }
      >
        <PasswordField name="current" />
        <NewPasswordField />
      </AccountForm>
      <p role="status">{change.isSuccess && t('account.password.changed')}</p>
    </section>
  );
}
