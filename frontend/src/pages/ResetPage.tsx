import { useMutation } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { AccountForm } from '../account/AccountForm';
import { NewPasswordField } from '../account/Fields';
import { api } from '../api/client';
import { unwrap } from '../api/problem';
import { t } from '../i18n';
import { useTitle } from '../ui/useTitle';

/** Where the link leads that somebody got who forgot their password. */
export function ResetPage() {
  useTitle(t('account.reset'));
  const { token } = useSearch({ from: '/reset-password' });
  const reset = useMutation({
    mutationFn: (password: string) =>
      unwrap(api.POST('/api/accounts/password/reset', { body: { token, password } })),
  });
  return (
    <div className="page page-form">
      <h1 className="page-title">{t('account.reset')}</h1>
      {reset.isSuccess ? (
        <p role="status">
          {t('account.reset.done')} <Link to="/sign-in">{t('account.sign-in')}</Link>
        </p>
      ) : (
        <AccountForm
          action={t('account.reset.action')}
          busy={reset.isPending}
          error={reset.error}
          onSubmit={(values) => reset.mutate(String(values.get('password')))}
        >
          <NewPasswordField />
        </AccountForm>
      )}
    </div>
  );
}
