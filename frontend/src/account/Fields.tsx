import { t } from '../i18n';
import '../i18n/account';
import { Field } from './Field';

const SHORTEST_PASSWORD = 8;
const LONGEST_PASSWORD = 256;

export function NameField() {
  return (
    <Field
      name="name"
      label={t('account.name')}
      autoComplete="username"
      autoCapitalize="none"
      spellCheck={false}
      required
    />
  );
}

export function PasswordField({ name = 'password' }: { name?: string }) {
  return (
    <Field
      name={name}
      type="password"
      label={t(name === 'current' ? 'account.password.current' : 'account.password')}
      autoComplete="current-password"
      required
    />
  );
}

export function NewPasswordField() {
  return (
    <Field
      name="password"
      type="password"
      label={t('account.password.new')}
      hint={t('account.password.hint')}
      autoComplete="new-password"
      minLength={SHORTEST_PASSWORD}
      maxLength={LONGEST_PASSWORD}
      required
    />
  );
}
