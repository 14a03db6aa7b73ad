import { useEffect, useRef } from 'react';
import { t } from '../i18n';

interface Props {
  has: boolean;
  loading: boolean;
  onMore(): void;
}

/** Fetches the next page when it comes near the window; a button for those who do not scroll. */
export function More({ has, loading, onMore }: Props) {
  const mark = useRef<HTMLDivElement>(null);
  const latest = useRef(onMore);
  useEffect(() => {
    latest.current = onMore;
  });
  useEffect(() => {
    if (!has || loading || !mark.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && latest.current(),
      { rootMargin: '600px' },
    );
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [has, loading]);
  if (!has) return null;
  return (
    <div ref={mark} className="more">
      <button type="button" className="button button-quiet" disabled={loading} onClick={onMore}>
        {t(loading ? 'list.loading' : 'list.more')}
      </button>
    </div>
  );
}
