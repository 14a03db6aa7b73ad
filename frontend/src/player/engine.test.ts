import { describe, expect, it } from 'vitest';
import { chooseEngine, closest } from './engine';

describe('the engine', () => {
  it('is hls.js where it can be, the browser’s own elsewhere, and what is forced', () => {
    expect(chooseEngine(undefined, true)).toBe('hls');
    expect(chooseEngine(undefined, false)).toBe('native');
    expect(chooseEngine('dash', true)).toBe('dash');
    expect(chooseEngine('nonsense', true)).toBe('hls');
  });
});

describe('closest', () => {
  const levels = [
    { id: 0, width: 640, height: 360, bandwidth: 700_000 },
    { id: 1, width: 640, height: 360, bandwidth: 1_200_000 },
    { id: 2, width: 1280, height: 720, bandwidth: 2_500_000 },
  ];

  it('prefers the size, then the bandwidth', () => {
    expect(closest(levels, { width: 640, height: 360, bandwidth: 1_100_000 })?.id).toBe(1);
    expect(closest(levels, { width: 1280, height: 720, bandwidth: 1 })?.id).toBe(2);
    expect(closest(levels, { width: 1920, height: 1080, bandwidth: 9e6 })?.id).toBe(2);
    expect(closest([], { width: 1, height: 1, bandwidth: 1 })).toBeUndefined();
  });
});
