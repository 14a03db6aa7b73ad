export type Action =
  | { kind: 'toggle' }
  | { kind: 'seekBy'; seconds: number }
  | { kind: 'seekTo'; share: number }
  | { kind: 'volumeBy'; change: number }
  | { kind: 'mute' }
  | { kind: 'fullscreen' }
  | { kind: 'theatre' }
  | { kind: 'pip' }
  | { kind: 'frame'; direction: 1 | -1 }
  | { kind: 'speed'; direction: 1 | -1 }
  | { kind: 'captions' }
  | { kind: 'film'; direction: 1 | -1 }
  | { kind: 'help' };

export interface Key {
  key: string;
  ctrlKey?: boolean;
  metaKey?: boolean;
  altKey?: boolean;
  shiftKey?: boolean;
}

const ACTIONS: Record<string, Action> = {
  ' ': { kind: 'toggle' },
  k: { kind: 'toggle' },
  j: { kind: 'seekBy', seconds: -10 },
  l: { kind: 'seekBy', seconds: 10 },
  ArrowLeft: { kind: 'seekBy', seconds: -5 },
  ArrowRight: { kind: 'seekBy', seconds: 5 },
  ArrowUp: { kind: 'volumeBy', change: 0.05 },
  ArrowDown: { kind: 'volumeBy', change: -0.05 },
  m: { kind: 'mute' },
  f: { kind: 'fullscreen' },
  t: { kind: 'theatre' },
  i: { kind: 'pip' },
  c: { kind: 'captions' },
  Home: { kind: 'seekTo', share: 0 },
  End: { kind: 'seekTo', share: 1 },
  ',': { kind: 'frame', direction: -1 },
  '.': { kind: 'frame', direction: 1 },
  '<': { kind: 'speed', direction: -1 },
  '>': { kind: 'speed', direction: 1 },
  '?': { kind: 'help' },
};

/** Only with Shift: a slip of the finger must not end a film. */
const SHIFTED: Record<string, Action> = {
  n: { kind: 'film', direction: 1 },
  p: { kind: 'film', direction: -1 },
};

/** What a key press means to the player; undefined when it is not the player's. */
export function actionFor(key: Key): Action | undefined {
  if (key.ctrlKey || key.metaKey || key.altKey) return undefined;
  if (/^[0-9]$/.test(key.key)) return { kind: 'seekTo', share: Number(key.key) / 10 };
  const name = key.key.length === 1 ? key.key.toLowerCase() : key.key;
  return (key.shiftKey ? SHIFTED[name] : undefined) ?? ACTIONS[name];
}

/** How the help lists them. */
export const KEY_HELP = [
  ['keys.play', ['Space', 'k']],
  ['keys.jump10', ['j', 'l']],
  ['keys.jump5', ['←', '→']],
  ['keys.percent', ['0', '9']],
  ['keys.ends', ['Home', 'End']],
  ['keys.frame', [',', '.']],
  ['keys.speed', ['<', '>']],
  ['keys.volume', ['↑', '↓']],
  ['keys.mute', ['m']],
  ['keys.captions', ['c']],
  ['keys.fullscreen', ['f']],
  ['keys.theatre', ['t']],
  ['keys.pip', ['i']],
  ['keys.film', ['Shift+P', 'Shift+N']],
  ['keys.search', ['/']],
  ['keys.help', ['?']],
] as const;

const TEXT_INPUTS = new Set([
  'text',
  'search',
  'email',
  'url',
  'tel',
  'password',
  'number',
  'date',
  'time',
]);

/** Whether the person is writing, so that keys are letters and nothing else. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  if (target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && TEXT_INPUTS.has(target.type);
}

/** Whether the focused control itself answers to this key. */
export function controlUses(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (key === ' ' || key === 'Enter') return target.closest('button, a, summary') !== null;
  if (target instanceof HTMLInputElement && target.type === 'range') {
    return target.dataset.keys === 'own' && /^(Arrow|Home|End|Page)/.test(key);
  }
  return false;
}
