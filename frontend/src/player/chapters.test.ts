import { describe, expect, it } from 'vitest';
import { chapterAt, usable } from './chapters';

const intro = { title: 'Intro', start_s: 0 };
const lake = { title: 'The lake', start_s: 30 };

describe('usable', () => {
  it('puts them in order and leaves out what is beyond the end', () => {
    const beyond = { title: 'Beyond', start_s: 100 };
    expect(usable([beyond, lake, intro], 100)).toEqual([intro, lake]);
  });

  it('knows nothing to divide when there is one or none', () => {
    expect(usable([intro], 100)).toEqual([]);
    expect(usable(undefined, 100)).toEqual([]);
  });
});

it('finds the chapter of a moment', () => {
  const title = (time: number) => chapterAt([intro, lake], time)?.title;
  expect([0, 29.9, 30, 99].map(title)).toEqual(['Intro', 'Intro', 'The lake', 'The lake']);
  expect(chapterAt([lake], 10)).toBeUndefined();
});
