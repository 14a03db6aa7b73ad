import { describe, expect, it } from 'vitest';
import { SpeedMeter } from './speed';

/** 1000 bytes each 100 ms for `seconds`. */
function moving(seconds: number): SpeedMeter {
  const meter = new SpeedMeter();
  for (let at = 0; at <= seconds * 1000; at += 100) meter.add(at * 10, at);
  return meter;
}

describe('SpeedMeter', () => {
  it('says nothing before it knows anything', () => {
    expect(new SpeedMeter().perSecond(5_000)).toBeUndefined();
    expect(moving(0.3).perSecond(300)).toBeUndefined();
  });

  it('knows a steady speed', () => {
    expect(moving(20).perSecond(20_000)).toBeCloseTo(10_000);
  });

  it('falls while nothing moves, to nothing in the end, and rises again', () => {
    const meter = moving(20);
    const falling = [0, 2, 4, 6, 8].map((stop) => meter.perSecond(20_000 + stop * 1000) ?? -1);
    expect(falling).toEqual([...falling].sort((a, b) => b - a));
    expect(falling.at(-1)).toBe(0);
    expect(new Set(falling).size).toBe(falling.length);
    meter.add(210_000, 29_000);
    expect(meter.perSecond(29_000)).toBeGreaterThan(0);
  });
});
