import { SignedIn } from '../account/SignedIn';
import { isLocal, useUser } from '../account/user';
import { AuditSection } from '../admin/AuditSection';
import { InviteSection } from '../admin/InviteSection';
import { UsersSection } from '../admin/UsersSection';
import { t } from '../i18n';
import '../i18n/account';
import '../i18n/admin';
import { useTitle } from '../ui/useTitle';
import { NotFoundPage } from './NotFoundPage';
import '../styles/admin.css';
import '../styles/studio.css';

function Admin() {
  const user = useUser();
  if (user === undefined || user === null) return null;
  if (isLocal(user))
    return <NotFoundPage title={t('account.open')} hint={t('account.open.hint')} />;
  if (user.role !== 'admin')
    return <NotFoundPage title={t('admin.only')} hint={t('admin.only.hint')} />;
  return (
    <div className="page">
      <h1 className="page-title">{t('admin.title')}</h1>
      <UsersSection />
      <InviteSection />
      <AuditSection />
    </div>
  );
}

/** What admins decide: who there is, what they may do, and what was done. */
export function AdminPage() {
  useTitle(t('admin.title'));
  return (
    <SignedIn>
      <Admin />
    </SignedIn>
  );
}
