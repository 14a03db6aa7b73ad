import { Link } from '@tanstack/react-router';
import { Suspense } from 'react';
import { AccountMenu } from '../account/AccountMenu';
import { useIsSomebody } from '../account/user';
import { t } from '../i18n';
import { extra } from '../ui/extra';
import { Icon } from '../ui/Icon';
import { useAnyUploads } from '../upload/underway';
import { SearchBox } from './SearchBox';

const UploadBadge = extra(() => import('./UploadBadge'));

export function Header() {
  return (
    <header className="header">
      <Link to="/" className="brand" aria-label={t('nav.home')}>
        <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
          <path d="M6 24V9.500c0-.9 1.100-1.300 1.700-.6L16 18l8.300-9.100c.6-.7 1.700-.3 1.700.6V24" />
        </svg>
        <span className="brand-name">{t('app.name')}</span>
      </Link>
      <SearchBox />
      <nav className="header-nav" aria-label={t('nav.main')}>
        {useIsSomebody() && (
          <Link to="/studio" className="button button-quiet">
            <Icon name="film" />
            <span className="header-upload">{t('nav.studio')}</span>
          </Link>
        )}
        <Link to="/upload" className="button button-quiet">
          <Icon name="upload" />
          <span className="header-upload">{t('nav.upload')}</span>
          <Suspense>{useAnyUploads() && <UploadBadge />}</Suspense>
        </Link>
        <AccountMenu />
      </nav>
    </header>
  );
}
