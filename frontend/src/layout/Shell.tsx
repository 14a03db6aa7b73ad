import { Outlet } from '@tanstack/react-router';
import { useEffect } from 'react';
import { t } from '../i18n';
import { uploads } from '../upload/store';
import { DropTarget } from './DropTarget';
import { Header } from './Header';
import { UploadAnnouncer } from './UploadAnnouncer';

/** What every page has around it. */
export function Shell() {
  useEffect(() => {
    const back = () => uploads.retryNetworkFailures();
    window.addEventListener('online', back);
    return () => window.removeEventListener('online', back);
  }, []);
  return (
    <>
      <a className="skip" href="#content">
        {t('app.skip')}
      </a>
      <Header />
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <DropTarget />
      <UploadAnnouncer />
    </>
  );
}
