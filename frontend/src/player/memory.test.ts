import { describe, expect, it } from 'vitest';
import { isNearEnd, PlayerMemory } from './memory';

class FakeStorage {
  items = new Map<string, string>();
  get length() {
    return this.items.size;
  }
  key = (index: number) => [...this.items.keys()][index] ?? null;
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
  removeItem = (key: string) => void this.items.delete(key);
}

describe('the player’s memory', () => {
  it('continues where the viewer was, but not at the beginning or the end', () => {
    const memory = new PlayerMemory(new FakeStorage());
    memory.watched('film', 5, 600);
    expect(memory.position('film')).toBeUndefined();
    memory.watched('film', 300.7, 600);
    expect(memory.position('film')).toBe(300);
    memory.watched('film', 595, 600);
    expect(memory.position('film')).toBeUndefined();
  });

  it('knows the end of long and short films', () => {
    expect(isNearEnd(7169, 7200)).toBe(false);
    expect(isNearEnd(7171, 7200)).toBe(true);
    expect(isNearEnd(54, 60)).toBe(false);
    expect(isNearEnd(55, 60)).toBe(true);
    expect(isNearEnd(5, 0)).toBe(false);
  });

  it('keeps volume and speed, and ignores nonsense', () => {
    const storage = new FakeStorage();
    const memory = new PlayerMemory(storage);
    memory.remember({ volume: 0.4 });
    memory.remember({ rate: 1.5 });
    expect(memory.preferences()).toMatchObject({ volume: 0.4, rate: 1.5, muted: false });
    storage.setItem('marquee.player', '{"volume": 7, "rate": "fast", "quality": 3}');
    expect(memory.preferences()).toMatchObject({ volume: 1, rate: 1, quality: undefined });
    storage.setItem('marquee.player', 'not json');
    expect(memory.preferences().volume).toBe(1);
  });

  it('forgets the oldest of very many', () => {
    let now = 0;
    const memory = new PlayerMemory(new FakeStorage(), () => now);
    for (now = 0; now < 205; now += 1) memory.watched(`film-${now}`, 100, 600);
    memory.prune();
    expect(memory.position('film-4')).toBeUndefined();
    expect(memory.position('film-5')).toBe(100);
  });

  it('knows what was begun, the last one first, until it is finished or forgotten', () => {
    let now = 0;
    const storage = new FakeStorage();
    const memory = new PlayerMemory(storage, () => now++);
    for (const id of ['a', 'b', 'c', 'd']) memory.watched(id, 100, 600);
    memory.watched('a', 200, 600);
    memory.watched('b', 599, 600);
    memory.forget('c');
    storage.setItem('marquee.position.e', 'not json');
    expect(memory.unfinished()).toEqual([
      { id: 'a', time: 200 },
      { id: 'd', time: 100 },
    ]);
    memory.remember({ volume: 0.4 });
    memory.forgetFilms();
    expect(memory.unfinished()).toEqual([]);
    expect(memory.preferences().volume).toBe(0.4);
  });

  it('works without storage', () => {
    const memory = new PlayerMemory(undefined);
    memory.watched('film', 300, 600);
    expect(memory.position('film')).toBeUndefined();
    expect(memory.unfinished()).toEqual([]);
    expect(memory.preferences().volume).toBe(1);
  });
});
