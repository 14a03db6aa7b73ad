import { useQuery } from '@tanstack/react-query';
import { t } from '../i18n';
import { providers } from './providers';
import { returning } from './returning';

/** Why somebody came back from a provider without being signed in: what the server says. */
const REASONS = [
  'away',
  'refused',
  'failed',
  'signed-out',
  'suspended',
  'taken',
  'unknown',
] as const;

/** Other ways in than by a password: links, since they lead to other sites and back. */
export function ProviderLinks({ to, reason }: { to?: string; reason?: string }) {
  const { data } = useQuery(providers());
  const known = REASONS.find((one) => one === reason);
  const search = new URLSearchParams({ return: returning(to) });
  return (
    <>
      {known && (
        <p className="account-problem" role="alert">
          {t(`account.provider.${known}`)}
        </p>
      )}
      {data?.items.map(({ id, name }) => (
        <p key={id}>
          <a
            className="button"
            href={`/api/accounts/oidc/${encodeURIComponent(id)}/start?${search}`}
          >
            {t('account.provider.sign-in', { name })}
          </a>
        </p>
      ))}
    </>
  );
}
