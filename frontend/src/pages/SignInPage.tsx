import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { AccountForm } from '../account/AccountForm';
import { NameField, PasswordField } from '../account/Fields';
import { ProviderLinks } from '../account/ProviderLinks';
import { returning } from '../account/returning';
import { useSignIn } from '../account/session';
import { me } from '../account/user';
import { t } from '../i18n';
import { useTitle } from '../ui/useTitle';

export function SignInPage() {
  useTitle(t('account.sign-in'));
  const { to, oidc } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const signIn = useSignIn();
  const registration = useQuery(me()).data?.registration;
  const submit = (values: FormData) => {
    const body = { name: String(values.get('name')), password: String(values.get('password')) };
    signIn.mutate(body, { onSuccess: () => void navigate({ href: returning(to), replace: true }) });
  };
  return (
    <div className="page page-form">
      <h1 className="page-title">{t('account.sign-in')}</h1>
      <AccountForm
        action={t('account.sign-in')}
        busy={signIn.isPending}
        error={signIn.error}
        onSubmit={submit}
      >
        <NameField />
        <PasswordField />
      </AccountForm>
      <ProviderLinks
        {...(to !== undefined && { to })}
        {...(oidc !== undefined && { reason: oidc })}
      />
      <ul className="account-links">
        <li>
          <Link to="/forgotten">{t('account.forgotten')}</Link>
        </li>
        {registration === 'open' && (
          <li>
            <Link to="/sign-up" search={to === undefined ? {} : { to }}>
              {t('account.sign-up')}
            </Link>
          </li>
        )}
      </ul>
    </div>
  );
}
