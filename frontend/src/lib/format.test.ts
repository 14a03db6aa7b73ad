import { describe, expect, it } from 'vitest';
import { age, bytes, clock, isoDuration, percent, roughDuration } from './format';

describe('clock', () => {
  it.each([
    [0, '0:00'],
    [5.9, '0:05'],
    [65, '1:05'],
    [3599.99, '59:59'],
    [3661, '1:01:01'],
    [36000, '10:00:00'],
    [-1, '0:00'],
    [Number.NaN, '0:00'],
    [Number.POSITIVE_INFINITY, '0:00'],
  ])('%d s', (seconds, text) => expect(clock(seconds)).toBe(text));
});

describe('percent', () => {
  it('says 100 % only when it is all there', () => {
    expect(percent(999_999, 1_000_000)).toBe('99 %');
    expect(percent(1, 1)).toBe('100 %');
    expect(percent(1, 0)).toBe('0 %');
  });
});

describe('bytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_500, '1.5 kB'],
    [999_999, '1.0 MB'],
    [42_000_000, '42.0 MB'],
    [123_456_789_000, '123 GB'],
  ])('%d', (count, text) => expect(bytes(count)).toBe(text));
});

describe('durations', () => {
  it('round to what matters', () => {
    expect(roughDuration(0.2)).toBe('1 s');
    expect(roughDuration(150)).toBe('3 min');
    expect(roughDuration(3600)).toBe('1 h');
    expect(roughDuration(4800)).toBe('1 h 20 min');
  });

  it('are written for machines too', () => expect(isoDuration(65.4)).toBe('PT65S'));
});

describe('age', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  it.each([
    ['2026-03-01T11:59:40Z', 'now'],
    ['2026-03-01T12:05:00Z', 'now'],
    ['2026-03-01T11:57:00Z', '3 minutes ago'],
    ['2026-03-01T09:00:00Z', '3 hours ago'],
    ['2026-02-28T09:00:00Z', 'yesterday'],
    ['2025-01-01T00:00:00Z', 'last year'],
  ])('of %s', (date, text) => expect(age(new Date(date), now)).toBe(text));
});
