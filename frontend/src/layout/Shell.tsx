import { Outlet, useRouterState } from '@tanstack/react-router';
import { Suspense, useEffect, useRef } from 'react';
import { t } from '../i18n';
import { extra } from '../ui/extra';
import { useAnyUploads } from '../upload/underway';
import { DropTarget } from './DropTarget';
import { Header } from './Header';

const UploadAnnouncer = extra(() => import('./UploadAnnouncer'));

/** After a change of page the keyboard goes on from its beginning, unless the person is searching. */
function useFocusOnNewPage() {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const before = useRef<string>(undefined);
  useEffect(() => {
    const first = before.current === undefined;
    before.current = path;
    if (first || document.activeElement?.closest('search')) return;
    document.getElementById('content')?.focus({ preventScroll: true });
  }, [path]);
}

/** What every page has around it. */
export function Shell() {
  useFocusOnNewPage();
  return (
    <>
      <a className="skip" href="#content">
        {t('app.skip')}
      </a>
      <Header />
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <footer className="footer">
        {/* A file of its own, not a page of the application. */}
        <a href="/licenses.txt">{t('app.licenses')}</a>
      </footer>
      <DropTarget />
      <Suspense>{useAnyUploads() && <UploadAnnouncer />}</Suspense>
    </>
  );
}
