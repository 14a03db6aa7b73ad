import { useMutation } from '@tanstack/react-query';
import { AccountForm } from '../account/AccountForm';
import { NameField } from '../account/Fields';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import { t } from '../i18n';
import { useTitle } from '../ui/useTitle';

/** Asks for a link to choose a new password. Whether there is such an account is not told. */
export function ForgottenPage() {
  useTitle(t('account.forgotten'));
  const ask = useMutation({
    mutationFn: (name: string) =>
      unwrap(api.POST('/api/accounts/password/forgotten', { body: { name } })),
  });
  return (
    <div className="page page-form">
      <h1 className="page-title">{t('account.forgotten')}</h1>
      {ask.isSuccess ? (
        <p role="status">{t('account.forgotten.sent')}</p>
      ) : (
        <AccountForm
          action={t('account.forgotten.action')}
          busy={ask.isPending}
          error={ask.error}
          onSubmit={(values) => ask.mutate(String(values.get('name')))}
        >
          <NameField />
        </AccountForm>
      )}
    </div>
  );
}
