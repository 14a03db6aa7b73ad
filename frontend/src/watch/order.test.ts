import { expect, it } from 'vitest';
import { after } from './order';

const films = ['a', 'b', 'c', 'd'].map((video_id) => ({ video_id }));

it.each([
  ['a', 'bcd'],
  ['c', 'dab'],
  ['d', 'abc'],
  ['unlisted', 'abcd'],
])('after %s come %s', (id, expected) => {
  expect(
    after(films, id)
      .map((film) => film.video_id)
      .join(''),
  ).toBe(expected);
});
