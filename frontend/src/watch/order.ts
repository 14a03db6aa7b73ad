/** The films after this one, then those before it: what is next comes first, what was before last. */
export function after<T extends { video_id: string }>(videos: readonly T[], id: string): T[] {
  const at = videos.findIndex((video) => video.video_id === id);
  return [...videos.slice(at + 1), ...videos.slice(0, Math.max(0, at))];
}
