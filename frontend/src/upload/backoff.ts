/** Waits between attempts; the tests have one that does not wait. */
export interface Pause {
  /** Resolves after `ms`, or at once when the connection comes back; rejects on abort. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Resolves when the browser believes to be online. */
  online(signal: AbortSignal): Promise<void>;
}

const FIRST_MS = 1_000;
const MOST_MS = 30_000;

/** 1, 2, 4 … 30 s, each shortened by up to a quarter so that many clients do not return together. */
export function backoff(attempt: number, random: () => number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** attempt) * (1 - random() / 4);
}

const canceled = () => new DOMException('canceled', 'AbortError');

export const browserPause: Pause = {
  wait: (ms, signal) => settled(signal, 'online', ms),
  online: (signal) => (navigator.onLine ? Promise.resolve() : settled(signal, 'online')),
};

function settled(signal: AbortSignal, wake: string, ms?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(canceled());
    const timer = ms === undefined ? undefined : setTimeout(() => end(resolve), ms);
    const onWake = () => end(resolve);
    const onAbort = () => end(() => reject(canceled()));
    const end = (act: () => void) => {
      clearTimeout(timer);
      window.removeEventListener(wake, onWake);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    window.addEventListener(wake, onWake);
    signal.addEventListener('abort', onAbort);
  });
}
