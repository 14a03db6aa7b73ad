import { useEffect, useState } from 'react';

/** The time, refreshed each minute, for ages such as “3 minutes ago”. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
