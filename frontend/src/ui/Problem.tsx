import { ApiError } from '../api/problem';
import { t } from '../i18n';
import { Icon } from './Icon';

/** An error in words, with a way to go on. */
export function Problem({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const known = error instanceof ApiError ? error : undefined;
  const request = known?.requestId;
  // A sentence of the server's or about the connection says what to do already.
  const hint = request ? t('error.hint', { request }) : known ? '' : t('error.hint.plain');
  return (
    <div className="notice" role="alert">
      <Icon name="alert" />
      <h2>{known?.message ?? t('error.title')}</h2>
      {hint && <p>{hint}</p>}
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          {t('error.retry')}
        </button>
      )}
    </div>
  );
}
