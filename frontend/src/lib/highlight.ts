export interface Marked {
  text: string;
  hit: boolean;
}

const TAG = /<(\/?)(?:mark|em|b|strong)>/gi;

/** Reads `a <mark>b</mark> c` as the server highlights it; no other markup has a meaning. */
export function parseMarked(source: string): Marked[] {
  const out: Marked[] = [];
  let from = 0;
  let hit = false;
  const push = (upTo: number) => {
    if (upTo > from) out.push({ text: decodeEntities(source.slice(from, upTo)), hit });
  };
  for (const tag of source.matchAll(TAG)) {
    push(tag.index);
    hit = tag[1] === '';
    from = tag.index + tag[0].length;
  }
  push(source.length);
  return out;
}

const ENTITIES: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x27;': "'",
  '&#39;': "'",
  '&amp;': '&',
};

function decodeEntities(text: string): string {
  return text.replace(/&(?:lt|gt|quot|amp|#x27|#39);/g, (entity) => ENTITIES[entity] ?? entity);
}

/** Marks where words of the query begin a word of the text, when the server gave no marks. */
export function markWords(text: string, query: string): Marked[] {
  const words = query
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (words.length === 0) return [{ text, hit: false }];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})`, 'giu');
  const out: Marked[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) out.push({ text: text.slice(from, match.index), hit: false });
    out.push({ text: match[0], hit: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) out.push({ text: text.slice(from), hit: false });
  return out;
}
