import type { Upload, Video, Watch } from '../api/types';

/** A film that is being prepared, unless told otherwise. */
export const film = (change: Partial<Video> = {}): Video => ({
  video_id: 'v',
  title: '',
  description: '',
  owner: 'local',
  state: 'processing',
  visibility: 'public',
  tags: [],
  may: { edit: false, delete: false },
  complete: false,
  created_at: '2026-01-01T00:00:00Z',
  watch_url: '/watch/v',
  hover_urls: [],
  renditions: [],
  chapters: [],
  subtitles: [],
  progress: { segments_done: 0, segments_total: 0 },
  ...change,
});

/** A film that everybody can watch. */
export const liveFilm = (change: Partial<Video> = {}): Video =>
  film({ state: 'live', complete: true, duration_s: 100, ...change });

/** What the watch page gets of it. */
export const watchOf = (video: Video): Watch => ({
  video,
  playback:
    video.state === 'live'
      ? { hls_url: '/film.m3u8', dash_url: '/film.mpd', edge: 'here', bases: [''] }
      : null,
});

/** An upload that stopped half way. */
export const upload = (change: Partial<Upload> = {}): Upload => ({
  upload_id: 'upload-1',
  video_id: 'video-1',
  revision: 1,
  file_name: 'film.mp4',
  size_bytes: 20,
  title: 'Film',
  description: '',
  state: 'open',
  part_size_bytes: 10,
  parallel_parts: 1,
  watch_url: '/watch/video-1',
  created_at: '2026-01-01T00:00:00Z',
  uploaded_bytes: 0,
  parts: [],
  ...change,
});
