import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import { t } from '../i18n';
import { AccountForm } from './AccountForm';
import { PasswordField } from './Fields';
import { useSomebodyElse } from './user';

/** Deleting the account takes a second thought and the password. */
export function RemoveSection() {
  const id = useId();
  const [sure, setSure] = useState(false);
  const navigate = useNavigate();
  const somebodyElse = useSomebodyElse();
  const remove = useMutation({
    mutationFn: (password: string) =>
      unwrap(api.DELETE('/api/accounts/me', { body: { password } })),
    onSuccess: async () => {
      await navigate({ to: '/' });
      await somebodyElse();
    },
  });
  return (
    <section className="account-section" aria-labelledby={id}>
      <h2 id={id}>{t('account.remove')}</h2>
      <p>{t('account.remove.hint')}</p>
      {sure ? (
        <AccountForm
          action={t('account.remove.action')}
          busy={remove.isPending}
          error={remove.error}
          onSubmit={(values) => remove.mutate(String(values.get('password')))}
        >
          <PasswordField />
        </AccountForm>
      ) : (
        <button type="button" className="button button-quiet" onClick={() => setSure(true)}>
          {t('account.remove')}
        </button>
      )}
    </section>
  );
}
