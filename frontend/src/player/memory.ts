const PREFERENCES = 'marquee.player';
const POSITION = 'marquee.position.';
const KEEP_FROM_S = 10;
const MOST_POSITIONS = 200;

export interface Preferences {
  volume: number;
  muted: boolean;
  rate: number;
  /** A rung's name, or undefined for automatic. */
  quality: string | undefined;
  theatre: boolean;
  /** Language of the captions that are wanted, or undefined for none. */
  captions: string | undefined;
}

const DEFAULTS: Preferences = {
  volume: 1,
  muted: false,
  rate: 1,
  quality: undefined,
  theatre: false,
  captions: undefined,
};

/** A film, and where the viewer was in it, in seconds. */
export interface Begun {
  id: string;
  time: number;
}

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** What the player remembers in this browser. Storage may be forbidden: then it forgets. */
export class PlayerMemory {
  constructor(
    private readonly store: Store | undefined,
    private readonly now: () => number = Date.now,
  ) {}

  preferences(): Preferences {
    const saved = this.#read(PREFERENCES);
    return {
      volume: inRange(saved.volume, 0, 1) ?? DEFAULTS.volume,
      muted: saved.muted === true,
      rate: inRange(saved.rate, 0.25, 2) ?? DEFAULTS.rate,
      quality: typeof saved.quality === 'string' ? saved.quality : undefined,
      theatre: saved.theatre === true,
      captions: typeof saved.captions === 'string' ? saved.captions : undefined,
    };
  }

  remember(change: Partial<Preferences>): void {
    this.#write(PREFERENCES, { ...this.preferences(), ...change });
  }

  position(video: string): number | undefined {
    return inRange(this.#read(POSITION + video).t, KEEP_FROM_S, Number.MAX_SAFE_INTEGER);
  }

  /** Remembers where the viewer is, except near the beginning and the end. */
  watched(video: string, time: number, duration: number): void {
    if (time < KEEP_FROM_S || isNearEnd(time, duration)) this.forget(video);
    else this.#write(POSITION + video, { t: Math.floor(time), at: this.now() });
  }

  forget(video: string): void {
    this.#try((store) => store.removeItem(POSITION + video));
  }

  /** Films that were begun and not finished, the last one watched first. */
  unfinished(): Begun[] {
    return this.#positions().flatMap(({ id }) => {
      const time = this.position(id);
      return time === undefined ? [] : [{ id, time }];
    });
  }

  /** Forgets the oldest positions when there are very many. */
  prune(): void {
    for (const { id } of this.#positions().slice(MOST_POSITIONS)) this.forget(id);
  }

  /** Forgets what was watched: whoever signs out leaves nothing of it to the next. */
  forgetFilms(): void {
    for (const { id } of this.#positions()) this.forget(id);
  }

  #positions(): { id: string; at: number }[] {
    const found = this.#try((store) =>
      Array.from({ length: store.length }, (_, i) => store.key(i) ?? '')
        .filter((key) => key.startsWith(POSITION))
        .map((key) => ({ id: key.slice(POSITION.length), at: Number(this.#read(key).at ?? 0) }))
        .sort((a, b) => b.at - a.at),
    );
    return found ?? [];
  }

  #read(key: string): Record<string, unknown> {
    const text = this.#try((store) => store.getItem(key));
    if (!text) return {};
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    } catch {
      return {};
    }
  }

  #write(key: string, value: object): void {
    this.#try((store) => store.setItem(key, JSON.stringify(value)));
  }

  #try<T>(act: (store: Store) => T): T | undefined {
    try {
      return this.store && act(this.store);
    } catch {
      return undefined;
    }
  }
}

/** The last 5 %, but no more than 30 s and no less than 5 s. */
export function isNearEnd(time: number, duration: number): boolean {
  return duration > 0 && duration - time <= Math.min(30, Math.max(5, duration * 0.05));
}

function inRange(value: unknown, least: number, most: number): number | undefined {
  return typeof value === 'number' && value >= least && value <= most ? value : undefined;
}

function localStore(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

export const browserMemory = () => new PlayerMemory(localStore());
