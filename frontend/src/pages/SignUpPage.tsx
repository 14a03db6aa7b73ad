import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { AccountForm } from '../account/AccountForm';
import { Field } from '../account/Field';
import { NameField, NewPasswordField } from '../account/Fields';
import { returning } from '../account/returning';
import { useSignUp } from '../account/session';
import { me } from '../account/user';
import { t } from '../i18n';
import { useTitle } from '../ui/useTitle';
import { NotFoundPage } from './NotFoundPage';

export function SignUpPage() {
  useTitle(t('account.sign-up'));
  const { to, invitation } = useSearch({ from: '/sign-up' });
  const navigate = useNavigate();
  const signUp = useSignUp();
  const registration = useQuery(me()).data?.registration;
  if (registration !== undefined && registration !== 'open' && invitation === undefined)
    return <NotFoundPage title={t('account.invited')} hint={t('account.invited.hint')} />;
  const submit = (values: FormData) => {
    const text = (name: string) => String(values.get(name) ?? '');
    const email = text('email');
    const body = {
      name: text('name'),
      password: text('password'),
      ...(email === '' ? {} : { email }),
      ...(invitation === undefined ? {} : { invitation }),
    };
    signUp.mutate(body, { onSuccess: () => void navigate({ href: returning(to), replace: true }) });
  };
  return (
    <div className="page page-form">
      <h1 className="page-title">{t('account.sign-up')}</h1>
      <AccountForm
        action={t('account.sign-up')}
        busy={signUp.isPending}
        error={signUp.error}
        onSubmit={submit}
      >
        <NameField />
        <Field
          name="email"
          type="email"
          label={t('account.email')}
          hint={t('account.email.hint')}
          autoComplete="email"
        />
        <NewPasswordField />
      </AccountForm>
    </div>
  );
}
