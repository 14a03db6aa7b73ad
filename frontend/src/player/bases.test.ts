import { describe, expect, it } from 'vitest';
import { Bases } from './bases';

const here = 'https://films.example';
const segment = '/v/public/id/1/v/360p/3.m4s';

describe('the edges of a film', () => {
  it('are asked in turn, each until it fails', () => {
    const bases = new Bases(['https://a.example', ''], here);
    const asked = `https://a.example${segment}`;
    expect(bases.at(asked)).toBe(asked);
    const sound = 'https://a.example/v/public/id/1/a/0/3.m4s';
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
