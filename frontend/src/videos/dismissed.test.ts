import { expect, it } from 'vitest';
import { Dismissed } from './dismissed';

function storage(): Pick<Storage, 'getItem' | 'setItem'> {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text) };
}

it('remembers after a refresh, and what another window dismissed', () => {
  const store = storage();
  const [one, other] = [new Dismissed(() => store), new Dismissed(() => store)];
  one.add('a');
  other.add('b');
  expect(new Dismissed(() => store).snapshot()).toEqual(['a', 'b']);
});

it('forgets the oldest when there are very many', () => {
  const dismissed = new Dismissed(storage);
  for (let n = 0; n < 600; n += 1) dismissed.add(`film-${n}`);
  expect(dismissed.snapshot()).toHaveLength(500);
  expect(dismissed.snapshot()).not.toContain('film-0');
});

it('works until the page is closed where storage is forbidden', () => {
  const dismissed = new Dismissed(() => {
    throw new DOMException('denied', 'SecurityError');
  });
  dismissed.add('a');
  expect(dismissed.snapshot()).toEqual(['a']);
});
