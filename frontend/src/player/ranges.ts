import type { Availability, Rendition } from '../api/types';

/** From, to, in seconds; ordered and disjoint in every list here. */
export type Range = readonly [number, number];

// Segment times are sums of fractions: what is closer than this touches.
const TOUCH_S = 0.05;

/** Sorts, drops empty ranges and joins those that touch. */
export function normalize(ranges: readonly (readonly number[])[]): Range[] {
  const sorted = ranges
    .map(([from = 0, to = 0]): Range => [from, to])
    .filter(([from, to]) => to > from)
    .sort((a, b) => a[0] - b[0]);
  const out: Range[] = [];
  for (const range of sorted) {
    const last = out.at(-1);
    if (last && range[0] <= last[1] + TOUCH_S) {
      out[out.length - 1] = [last[0], Math.max(last[1], range[1])];
    } else out.push(range);
  }
  return out;
}

export function union(...lists: (readonly Range[])[]): Range[] {
  return normalize(lists.flat());
}

export function intersect(a: readonly Range[], b: readonly Range[]): Range[] {
  const out: Range[] = [];
  for (const [from, to] of a) {
    for (const [otherFrom, otherTo] of b) {
      const start = Math.max(from, otherFrom);
      const end = Math.min(to, otherTo);
      if (end > start) out.push([start, end]);
    }
  }
  return normalize(out);
}

export function contains(ranges: readonly Range[], time: number): boolean {
  return ranges.some(([from, to]) => time >= from - TOUCH_S && time < to);
}

/** Whether all of `from..to` lies in one range. */
export function covers(ranges: readonly Range[], from: number, to: number): boolean {
  return ranges.some((range) => from >= range[0] - TOUCH_S && to <= range[1] + TOUCH_S);
}

/** How much can be played from `time` on without leaving the range it lies in. */
export function ahead(ranges: readonly Range[], time: number): number {
  const range = ranges.find(([from, to]) => time >= from - TOUCH_S && time < to);
  return range ? range[1] - time : 0;
}

export function total(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}

export function timeRanges(ranges: TimeRanges): Range[] {
  return Array.from({ length: ranges.length }, (_, i): Range => [ranges.start(i), ranges.end(i)]);
}

/** Rungs are called `v/360p`, sound tracks `a/0`. */
const VIDEO = 'v/';

/** What plays at once, sound included, in at least one quality. */
export function readyRanges({ tracks }: Pick<Availability, 'tracks'>): Range[] {
  const all = (wanted: typeof tracks) => union(...wanted.map((track) => normalize(track.ready)));
  const video = tracks.filter((track) => track.name.startsWith(VIDEO));
  const sound = tracks.filter((track) => !track.name.startsWith(VIDEO));
  if (video.length === 0) return all(sound);
  return sound.length === 0 ? all(video) : intersect(all(video), all(sound));
}

const LOOKAHEAD_S = 8;

/**
 * The best rung whose next seconds exist, or the lowest when none has them. Choosing a rung that
 * is not encoded yet would make the viewer wait for pictures that exist smaller already.
 */
export function bestReadyRung<R extends Pick<Rendition, 'name' | 'bandwidth'>>(
  availability: Pick<Availability, 'tracks'>,
  renditions: readonly R[],
  time: number,
  duration: number,
): R | undefined {
  const ascending = [...renditions].sort((a, b) => a.bandwidth - b.bandwidth);
  const until = Math.min(duration, time + LOOKAHEAD_S);
  const ready = ascending.filter((rung) => {
    const track = availability.tracks.find((one) => one.name === VIDEO + rung.name);
    return track !== undefined && covers(normalize(track.ready), time, until);
  });
  return ready.at(-1) ?? ascending[0];
}
