import { useSyncExternalStore } from 'react';

let any = false;
const listeners = new Set<() => void>();

/** There is an upload now: what tells of it on other pages is loaded. */
export function began(): void {
  if (any) return;
  any = true;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Whether there were any uploads since the page was opened. Apart from the uploads themselves, which
 * are much code: whoever only watches does without it.
 */
export const useAnyUploads = () => useSyncExternalStore(subscribe, () => any);
