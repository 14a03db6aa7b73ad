import { expect, it } from 'vitest';
import { returning } from './returning';

it('goes back to a page of this application', () => {
  expect(returning('/watch/v?t=5')).toBe('/watch/v?t=5');
  expect(returning(undefined)).toBe('/');
});

it.each([
  'https://elsewhere.example/',
  '//elsewhere.example/',
  '/\\elsewhere.example/',
  '/\t/elsewhere.example/',
  '/.//elsewhere.example/',
  '/a/..//elsewhere.example/',
  'javascript:alert(1)',
  'watch/v',
  '//',
  '',
])('goes nowhere else: %j', (to) => {
  expect(returning(to)).toBe('/');
});
