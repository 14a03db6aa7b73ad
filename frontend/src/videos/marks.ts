import type { SearchHit } from '../api/types';
import type { Marked } from './VideoCard';

/** What was found where, as the server marks it: it knows about typos. */
export function marksOf({ highlights }: SearchHit): {
  title: Marked[] | undefined;
  excerpt: Marked[] | undefined;
} {
  const some = (pieces: Marked[]) => (pieces.length > 0 ? pieces : undefined);
  return { title: some(highlights.title), excerpt: some(highlights.description) };
}
