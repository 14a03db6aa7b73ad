import { describe, expect, it } from 'vitest';
import {
  ahead,
  bestReadyRung,
  contains,
  covers,
  intersect,
  normalize,
  readyRanges,
  total,
  union,
} from './ranges';

describe('ranges', () => {
  it('are joined where they touch', () => {
    expect(
      normalize([
        [8, 12],
        [0, 4.004],
        [4, 8],
        [20, 20],
        [30, 31],
      ]),
    ).toEqual([
      [0, 12],
      [30, 31],
    ]);
  });

  it('are united and intersected', () => {
    expect(union([[0, 4]], [[2, 6]], [])).toEqual([[0, 6]]);
    expect(
      intersect(
        [
          [0, 10],
          [20, 30],
        ],
        [[5, 25]],
      ),
    ).toEqual([
      [5, 10],
      [20, 25],
    ]);
    expect(intersect([[0, 1]], [[1, 2]])).toEqual([]);
  });

  it('know what they hold', () => {
    const ranges = normalize([
      [0, 4],
      [8, 12],
    ]);
    expect(contains(ranges, 3.9)).toBe(true);
    expect(contains(ranges, 4)).toBe(false);
    expect(covers(ranges, 8, 12.01)).toBe(true);
    expect(covers(ranges, 3, 9)).toBe(false);
    expect(ahead(ranges, 9)).toBe(3);
    expect(ahead(ranges, 5)).toBe(0);
    expect(total(ranges)).toBe(8);
  });
});

describe('what is ready', () => {
  const track = (name: string, ...ready: [number, number][]) => ({ name, ready });

  it('needs picture in any quality, and sound', () => {
    const tracks = [
      track('v/240p', [0, 8]),
      track('v/720p', [8, 12]),
      track('a/0', [0, 4], [4, 10]),
    ];
    expect(readyRanges({ tracks })).toEqual([[0, 10]]);
  });

  it('is the picture where there is no sound, and the sound where there is no picture', () => {
    expect(readyRanges({ tracks: [track('v/240p', [0, 8])] })).toEqual([[0, 8]]);
    expect(readyRanges({ tracks: [track('a/0', [0, 8])] })).toEqual([[0, 8]]);
    expect(readyRanges({ tracks: [] })).toEqual([]);
  });
});

describe('the best ready rung', () => {
  const rungs = [
    { name: '240p', bandwidth: 1 },
    { name: '720p', bandwidth: 3 },
    { name: '480p', bandwidth: 2 },
  ];
  const tracks = [
    { name: 'v/240p', ready: [[0, 60]] },
    { name: 'v/480p', ready: [[0, 20]] },
    { name: 'v/720p', ready: [[0, 6]] },
  ];
  const at = (time: number) => bestReadyRung({ tracks }, rungs, time, 60)?.name;

  it('has the next seconds', () => {
    expect(at(0)).toBe('480p');
    expect(at(12)).toBe('480p');
    expect(at(13)).toBe('240p');
  });

  it('needs no more than the end of the film', () => expect(at(58)).toBe('240p'));

  it('is the lowest where nothing is ready', () => {
    expect(bestReadyRung({ tracks: [] }, rungs, 0, 60)?.name).toBe('240p');
    expect(bestReadyRung({ tracks: [] }, [], 0, 60)).toBeUndefined();
  });
});
