import { describe, expect, it } from 'vitest';
import { backoff } from './backoff';
import { spread } from './parts';
import { Slots } from './slots';

describe('spread', () => {
  it('keeps first and last', () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    const some = spread(items, 5);
    expect(some).toEqual([0, 25, 50, 74, 99]);
    expect(spread([1, 2], 5)).toEqual([1, 2]);
  });
});

describe('backoff', () => {
  it('doubles up to half a minute', () => {
    expect([0, 1, 2, 3, 4, 5, 9].map((n) => backoff(n, () => 0))).toEqual([
      1000, 2000, 4000, 8000, 16000, 30000, 30000,
    ]);
  });

  it('is shortened by a quarter at most', () => {
    expect(backoff(0, () => 1)).toBe(750);
  });
});

describe('Slots', () => {
  it('lets a canceled one out of the queue', async () => {
    const slots = new Slots(1);
    const leave = await slots.take(new AbortController().signal);
    const canceled = new AbortController();
    const waiting = slots.take(canceled.signal);
    const next = slots.take(new AbortController().signal);
    canceled.abort();
    await expect(waiting).rejects.toThrow('canceled');
    leave();
    leave();
    await expect(next).resolves.toBeTypeOf('function');
  });
});
