import { describe, expect, it } from 'vitest';
import { linkify } from './linkify';

const kinds = (text: string) => linkify(text).map((piece) => `${piece.kind}:${piece.text}`);

describe('linkify', () => {
  it('leaves the punctuation around an address to the sentence', () => {
    expect(kinds('See https://example.org/a?b=1. (http://x.test/y)')).toEqual([
      'text:See ',
      'link:https://example.org/a?b=1',
      'text:. (',
      'link:http://x.test/y',
      'text:)',
    ]);
  });

  it('never links anything but http and https', () => {
    expect(kinds('javascript:alert(1) data:text/html,x')).toEqual([
      'text:javascript:alert(1) data:text/html,x',
    ]);
    expect(kinds('<a href="https://x.test/">')).toContain('link:https://x.test/');
  });

  it('finds times', () => {
    expect(linkify('from 1:05 to 1:00:01')).toEqual([
      { kind: 'text', text: 'from ' },
      { kind: 'time', text: '1:05', seconds: 65 },
      { kind: 'text', text: ' to ' },
      { kind: 'time', text: '1:00:01', seconds: 3601 },
    ]);
    expect(kinds('12:34:56:78')).toEqual(['text:12:34:56:78']);
  });

  it('loses nothing', () => {
    const text = 'a https://x.test/ b 0:10 c\nd';
    expect(
      linkify(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });
});
