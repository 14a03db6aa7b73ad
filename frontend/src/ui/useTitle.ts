import { useEffect } from 'react';
import { t } from '../i18n';

/** The page's name in the window's title. */
export function useTitle(name: string): void {
  useEffect(() => {
    document.title = `${name} – ${t('app.name')}`;
  }, [name]);
}
