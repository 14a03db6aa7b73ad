import { useNavigate, useSearch } from '@tanstack/react-router';
import { AccountForm } from '../account/AccountForm';
import { NameField, NewPasswordField } from '../account/Fields';
import { useClaim } from '../account/session';
import { t } from '../i18n';
import { useTitle } from '../ui/useTitle';

/** Where the link leads that whoever starts a Marquee for the first time is shown. */
export function ClaimPage() {
  useTitle(t('account.claim'));
  const { token } = useSearch({ from: '/claim' });
  const navigate = useNavigate();
  const claim = useClaim();
  const submit = (values: FormData) => {
    const text = (name: string) => String(values.get(name) ?? '');
    const body = { token, name: text('name'), password: text('password') };
    claim.mutate(body, { onSuccess: () => void navigate({ to: '/', replace: true }) });
  };
  return (
    <div className="page page-form">
      <h1 className="page-title">{t('account.claim')}</h1>
      <p className="page-lead">{t('account.claim.hint')}</p>
      <AccountForm
        action={t('account.claim.action')}
        busy={claim.isPending}
        error={claim.error}
        onSubmit={submit}
      >
        <NameField />
        <NewPasswordField />
      </AccountForm>
    </div>
  );
}
