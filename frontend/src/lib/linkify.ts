export type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'link'; text: string; href: string }
  | { kind: 'time'; text: string; seconds: number };

// Addresses end before closing punctuation, which belongs to the sentence around them.
const PATTERN =
  /https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}]|(?<![\d:])(?:\d{1,2}:)?\d{1,2}:\d{2}(?![\d:])/gi;

function seconds(text: string): number {
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/**
 * Splits a description into text, web addresses and times such as `1:05`.
 * Only http and https become links; nothing is ever read as HTML.
 */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  const plain = (upTo: number) => {
    if (upTo > from) pieces.push({ kind: 'text', text: text.slice(from, upTo) });
  };
  for (const match of text.matchAll(PATTERN)) {
    const found = match[0];
    plain(match.index);
    pieces.push(
      /^http/i.test(found)
        ? { kind: 'link', text: found, href: found }
        : { kind: 'time', text: found, seconds: seconds(found) },
    );
    from = match.index + found.length;
  }
  plain(text.length);
  return pieces;
}
