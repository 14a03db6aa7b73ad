import type { Chapter } from '../api/types';

/** The chapters in their order, those that begin within the film; one alone divides nothing. */
export function usable(chapters: readonly Chapter[] | undefined, duration: number): Chapter[] {
  const within = (chapters ?? [])
    .filter(({ start_s }) => start_s >= 0 && start_s < duration)
    .sort((a, b) => a.start_s - b.start_s);
  return within.length > 1 ? within : [];
}

/** The chapter that is on at this time. */
export function chapterAt(chapters: readonly Chapter[], time: number): Chapter | undefined {
  return chapters.findLast(({ start_s }) => start_s <= time);
}
