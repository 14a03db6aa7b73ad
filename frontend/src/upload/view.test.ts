import { describe, expect, it } from 'vitest';
import { liveFilm, upload, film as video } from '../testing/films';
import type { TaskState } from './task';
import { madeOf, phaseText, steps, transferText } from './view';

const task = (change: Partial<TaskState>): TaskState => ({
  phase: 'uploading',
  upload: undefined,
  details: undefined,
  sentBytes: 0,
  retryInMs: undefined,
  failure: undefined,
  ...change,
});

const states = (...args: Parameters<typeof steps>) =>
  steps(...args)
    .map((step) => step.state)
    .join(' ');

describe('steps', () => {
  it.each([
    ['now todo todo todo todo', task({}), undefined],
    ['failed todo todo todo todo', task({ phase: 'failed' }), undefined],
    ['done now todo todo todo', task({ phase: 'stored' }), video({})],
    ['done failed todo todo todo', task({ phase: 'stored' }), video({ state: 'failed' })],
    ['done done done now todo', task({ phase: 'stored' }), video({ state: 'playable' })],
    ['done done done done now', task({ phase: 'stored' }), video({ state: 'live' })],
    [
      'done done done done done',
      task({ phase: 'stored' }),
      video({ state: 'live', complete: true }),
    ],
  ])('%s', (expected, state, film) => {
    expect(states(state, film)).toBe(expected);
  });
});

describe('texts', () => {
  it('never say 100 % of a film that is not complete', () => {
    const almost = video({ progress: { segments_done: 100, segments_total: 100 } });
    expect(phaseText(task({ phase: 'stored' }), almost)).toBe('Processing, 99 %');
  });

  it('tell speed and time left while bytes move', () => {
    const moving = task({ sentBytes: 50e6 });
    const texts = ['50.0 MB of 100 MB', '10.0 MB/s', '5 s left'];
    expect(transferText(moving, 100e6, 10e6)).toEqual(texts);
    expect(transferText(moving, 100e6, 0)).toEqual([texts[0], 'no data is moving']);
    expect(transferText(moving, 100e6, undefined)).toEqual([texts[0]]);
    expect(transferText(task({ phase: 'waiting' }), 100e6)).toHaveLength(1);
  });
});

it('shows what is to replace a film until it does', () => {
  const progress = { segments_done: 1, segments_total: 4 };
  const replacement = { revision: 2, state: 'processing' as const, progress };
  const old = liveFilm({ revision: 1, replacement });
  const second = upload({ revision: 2 });
  expect(madeOf(upload(), old)).toBe(old);
  expect(madeOf(second, old)).toMatchObject({ state: 'processing', progress, complete: false });
  expect(madeOf(second, liveFilm({ revision: 1 }))).toBeUndefined();
  const replaced = liveFilm({ revision: 2 });
  expect(madeOf(second, replaced)).toBe(replaced);
});
