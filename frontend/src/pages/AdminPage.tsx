import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { SignedIn } from '../account/SignedIn';
import { isLocal, useUser } from '../account/user';
import { AuditSection } from '../admin/AuditSection';
import { InviteSection } from '../admin/InviteSection';
import { JobsSection } from '../admin/JobsSection';
import { LettersSection } from '../admin/LettersSection';
import { UsersSection } from '../admin/UsersSection';
import { t } from '../i18n';
import '../i18n/account';
import '../i18n/admin';
import { type Tab, Tabs } from '../ui/Tabs';
import { useTitle } from '../ui/useTitle';
import { NotFoundPage } from './NotFoundPage';
import '../styles/admin.css';
import '../styles/studio.css';

/** Parts of the page, as the address names them. */
type AdminTab = 'users' | 'jobs' | 'letters' | 'audit';

const route = getRouteApi('/admin');

const TABS: Tab<AdminTab>[] = [
  {
    id: 'users',
    name: t('admin.users'),
    show: () => (
      <>
        <UsersSection />
        <InviteSection />
      </>
    ),
  },
  { id: 'jobs', name: t('admin.jobs'), show: () => <JobsSection /> },
  { id: 'letters', name: t('admin.letters'), show: () => <LettersSection /> },
  { id: 'audit', name: t('admin.audit'), show: () => <AuditSection /> },
];

function Admin() {
  const user = useUser();
  const { tab } = route.useSearch();
  const navigate = useNavigate();
  const selected = TABS.find(({ id }) => id === tab)?.id ?? 'users';
  // Where one looks belongs into the address, but going back leaves the page.
  const select = (id: AdminTab) =>
    void navigate({ to: '/admin', search: { tab: id }, replace: true, resetScroll: false });
  if (user === undefined || user === null) return null;
  if (isLocal(user))
    return <NotFoundPage title={t('account.open')} hint={t('account.open.hint')} />;
  if (user.role !== 'admin')
    return <NotFoundPage title={t('admin.only')} hint={t('admin.only.hint')} />;
  return (
    <div className="page">
      <h1 className="page-title">{t('admin.title')}</h1>
      <Tabs label={t('admin.title')} tabs={TABS} selected={selected} onSelect={select} />
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
