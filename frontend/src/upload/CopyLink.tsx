import { useEffect, useState } from 'react';
import { t } from '../i18n';
import '../i18n/upload';
import { copyText } from '../lib/clipboard';
import { Icon } from '../ui/Icon';

const SHOWN_MS = 2_000;

/** The film's address; it is valid from the first byte on. */
export function CopyLink({ address }: { address: string }) {
  const [copied, setCopied] = useState(false);
  const href = new URL(address, window.location.href).href;
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className="button button-quiet"
      data-link={href}
      onClick={() => void copyText(href).then(setCopied)}
    >
      <Icon name={copied ? 'check' : 'link'} />
      <span aria-live="polite">{t(copied ? 'upload.link.copied' : 'upload.link.copy')}</span>
    </button>
  );
}
