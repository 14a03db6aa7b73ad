import type { ErrorComponentProps } from '@tanstack/react-router';
import { t } from '../i18n';
import { Problem } from '../ui/Problem';
import { useTitle } from '../ui/useTitle';

/** Shown instead of a page that broke. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  useTitle(t('error.title'));
  return <Problem error={error} onRetry={reset} />;
}
