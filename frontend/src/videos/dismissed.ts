import { useSyncExternalStore } from 'react';

const KEY = 'marquee.dismissed';
const MOST = 500;

type Store = Pick<Storage, 'getItem' | 'setItem'>;

/** The failed films that the person has seen enough of, in this browser only. */
export class Dismissed {
  #ids: readonly string[];
  readonly #listeners = new Set<() => void>();

  constructor(private readonly store: () => Store) {
    this.#ids = this.#read();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): readonly string[] => this.#ids;

  add(id: string): void {
    // Another window may have added some meanwhile.
    this.#ids = [...new Set([...this.#read(), ...this.#ids, id])].slice(-MOST);
    try {
      this.store().setItem(KEY, JSON.stringify(this.#ids));
    } catch {
      // Storage is forbidden or full: it is dismissed until the page is closed.
    }
    for (const listener of this.#listeners) listener();
  }

  #read(): string[] {
    try {
      const value: unknown = JSON.parse(this.store().getItem(KEY) ?? '[]');
      return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
    } catch {
      return [];
    }
  }
}

export const dismissed = new Dismissed(() => window.localStorage);

export const useDismissed = () => useSyncExternalStore(dismissed.subscribe, dismissed.snapshot);
