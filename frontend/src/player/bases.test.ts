import { describe, expect, it } from 'vitest';
import { Bases } from './bases';

const here = 'https://films.example';
const segment = '/v/token/id/1/v/360p/3.m4s';

describe('the edges of a film', () => {
  it('are asked in turn, each until it fails', () => {
    const bases = new Bases(['https://a.example', ''], here);
    const asked = `https://a.example${segment}`;
    expect(bases.at(asked)).toBe(asked);
    const sound = 'https://a.example/v/token/id/1/a/0/3.m4s';
    expect(bases.at(sound)).toBe(sound);
    bases.failed(asked);
    expect(bases.at(asked)).toBe(here + segment);
    // Late news of the one that was left already.
    bases.failed(sound);
    expect(bases.at(asked)).toBe(here + segment);
    bases.failed(asked);
    expect(bases.at(asked)).toBe(asked);
  });

  it('leave everything else as it is', () => {
    const bases = new Bases(['https://a.example', 'https://b.example'], here);
    bases.failed('https://elsewhere.example/v/x');
    expect(bases.at('https://a.example/other')).toBe('https://a.example/other');
    expect(bases.at('/film.m3u8')).toBe('/film.m3u8');
    const alone = new Bases([''], here);
    alone.at(here + segment);
    alone.failed(here + segment);
    expect(alone.at(here + segment)).toBe(here + segment);
  });
});

it('asks for another token once, and goes on with that', async () => {
  let asked = 0;
  const renew = async () => {
    asked += 1;
    return '/v/new/film/1/master.m3u8';
  };
  const bases = new Bases(['', 'https://other'], 'https://here', renew);
  const url = 'https://here/v/old/film/1/v/360p/1.m4s';
  expect(bases.at(url)).toBe(url);
  await Promise.all([bases.refused(), bases.refused()]);
  expect(asked).toBe(1);
  expect(bases.at(url)).toBe('https://here/v/new/film/1/v/360p/1.m4s');
  bases.failed(url);
  expect(bases.at(url)).toBe('https://other/v/new/film/1/v/360p/1.m4s');
});

it('keeps its token when nobody gives another', async () => {
  const bases = new Bases([''], 'https://here', () => Promise.reject(new Error('gone')));
  await bases.refused();
  expect(bases.at('https://here/v/old/film/1/a')).toBe('https://here/v/old/film/1/a');
});
