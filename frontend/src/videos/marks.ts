import type { SearchHit } from '../api/types';
import { type Marked, markWords, parseMarked } from '../lib/highlight';

/** What to highlight: the server's marks, which know about typos, or the query's own words. */
export function marksOf(
  hit: SearchHit,
  query: string,
): { title: Marked[]; excerpt: Marked[] | undefined } {
  const given = hit.highlights ?? {};
  const title = given.title ? parseMarked(given.title) : markWords(hit.title, query);
  const text = given.description;
  const own = hit.description === '' ? undefined : markWords(hit.description, query);
  const excerpt = text ? parseMarked(text) : own?.some((piece) => piece.hit) ? own : undefined;
  return { title, excerpt };
}
