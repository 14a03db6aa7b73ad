import { PasswordSection } from '../account/PasswordSection';
import { ProvidersSection } from '../account/ProvidersSection';
import { RemoveSection } from '../account/RemoveSection';
import { SessionsSection } from '../account/SessionsSection';
import { SignedIn } from '../account/SignedIn';
import { TokensSection } from '../account/TokensSection';
import { isLocal, useUser } from '../account/user';
import { t } from '../i18n';
import { useTitle } from '../ui/useTitle';
import { NotFoundPage } from './NotFoundPage';

function Account() {
  const user = useUser();
  if (user === undefined || user === null) return null;
  if (isLocal(user))
    return <NotFoundPage title={t('account.open')} hint={t('account.open.hint')} />;
  return (
    <div className="page page-narrow">
      <h1 className="page-title">{t('account.title')}</h1>
      <p className="page-lead">
        {t('account.lead', { name: user.name, role: t(`account.role.${user.role}`) })}
      </p>
      <PasswordSection />
      <ProvidersSection />
      <SessionsSection />
      <TokensSection role={user.role} />
      <RemoveSection />
    </div>
  );
}

export function AccountPage() {
  useTitle(t('account.title'));
  return (
    <SignedIn>
      <Account />
    </SignedIn>
  );
}
