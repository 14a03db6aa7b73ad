import { expect, it } from 'vitest';
import { offered } from './PosterField';

it('offers pictures of the whole film, and the one that was chosen', () => {
  expect(offered(3, undefined)).toEqual([0, 1, 2]);
  expect(offered(240, undefined)).toHaveLength(24);
  expect(offered(240, undefined).at(-1)).toBe(230);
  expect(offered(240, 7).slice(0, 3)).toEqual([0, 7, 10]);
  // Of a film that was replaced meanwhile.
  expect(offered(3, 9)).toEqual([0, 1, 2]);
  expect(offered(0, undefined)).toEqual([]);
});
