import { randomBytes } from 'node:crypto';

/** The mock's whole state: films and uploads, in memory, moving with the clock. */

const SEGMENT_S = 4;
const PROCESSING_MS = 2_000;
const PREPARE_SEGMENT_MS = 1_200;
const RUNGS = [
  { name: '240p', width: 426, height: 240, codecs: 'avc1.42c015,mp4a.40.2', bandwidth: 399_045 },
  { name: '360p', width: 640, height: 360, codecs: 'avc1.42c01e,mp4a.40.2', bandwidth: 799_045 },
  { name: '720p', width: 1280, height: 720, codecs: 'avc1.42c01f,mp4a.40.2', bandwidth: 2_097_867 },
].map((rung) => ({ ...rung, frame_rate: 25 }));

/** Sound first, then rung after rung from the lowest. */
const TRACKS = ['a/0', ...RUNGS.map((rung) => `v/${rung.name}`)];

export interface StoredPart {
  number: number;
  size_bytes: number;
  crc32c: string;
}

export interface MockUpload {
  upload_id: string;
  video_id: string;
  file_name: string;
  size_bytes: number;
  fingerprint: string;
  state: 'open' | 'complete' | 'abandoned';
  created_at: string;
  parts: StoredPart[];
}

interface Film {
  id: string;
  title: string;
  description: string;
  createdAt: number;
  duration: number;
  /** When its last byte arrived; undefined while it is being uploaded. */
  completedAt: number | undefined;
  upload: MockUpload | undefined;
  failed: boolean;
}

export const newId = () => randomBytes(16).toString('hex').slice(0, 26);

export class World {
  films = new Map<string, Film>();
  uploads = new Map<string, MockUpload>();

  constructor(private readonly now: () => number = Date.now) {}

  addFilm(title: string, options: Partial<Film> = {}): Film {
    const film: Film = {
      id: newId(),
      title,
      description: '',
      createdAt: this.now(),
      duration: 60,
      completedAt: this.now() - 3_600_000,
      upload: undefined,
      failed: false,
      ...options,
    };
    this.films.set(film.id, film);
    return film;
  }

  segments(film: Film): { done: number; total: number } {
    const total = Math.ceil(film.duration / SEGMENT_S) * (RUNGS.length + 1);
    if (film.completedAt === undefined) return { done: 0, total: 0 };
    const since = this.now() - film.completedAt - PROCESSING_MS;
    if (since < 0) return { done: 0, total: 0 };
    return { done: Math.min(total, Math.floor(since / PREPARE_SEGMENT_MS)), total };
  }

  isReady(film: Film, track: string, index: number): boolean {
    const count = Math.ceil(film.duration / SEGMENT_S);
    const order = TRACKS.indexOf(track);
    return order * count + index < this.segments(film).done;
  }

  state(film: Film): string {
    if (film.failed) return 'failed';
    if (film.completedAt === undefined) return 'uploading';
    const { done, total } = this.segments(film);
    if (total === 0) return 'processing';
    return done < Math.ceil(film.duration / SEGMENT_S) + 2 ? 'processing' : 'live';
  }

  video(film: Film) {
    const state = this.state(film);
    const { done, total } = this.segments(film);
    const planned = total > 0 && state !== 'failed';
    const media = `/v/token/${film.id}/1`;
    return {
      video_id: film.id,
      title: film.title,
      description: film.description,
      owner: 'local',
      state,
      complete: planned && done === total,
      revision: 1,
      created_at: new Date(film.createdAt).toISOString(),
      published_at: state === 'live' ? new Date(film.createdAt + 5_000).toISOString() : null,
      duration_s: planned ? film.duration : null,
      watch_url: `/watch/${film.id}`,
      poster_url: planned ? `${media}/images/poster.jpg` : null,
      hover_urls: planned ? [0, 1, 2, 3].map((k) => `${media}/images/hover-${k}.jpg`) : [],
      hls_url: planned ? `${media}/master.m3u8` : null,
      dash_url: planned ? `${media}/manifest.mpd` : null,
      renditions: planned ? RUNGS : [],
      progress: {
        uploaded_bytes: film.upload?.parts.reduce((sum, part) => sum + part.size_bytes, 0),
        size_bytes: film.upload?.size_bytes,
        segments_done: done,
        segments_total: total,
      },
      problem: film.failed
        ? {
            type: '/problems/no-video-track',
            title: 'This file has no picture',
            detail: 'The file holds no video track that can be decoded. Upload another file.',
          }
        : null,
    };
  }

  watch(film: Film) {
    const video = this.video(film);
    if (!video.hls_url) return { video, playback: null, availability: null };
    const count = Math.ceil(film.duration / SEGMENT_S);
    const ready = (track: string) =>
      Array.from({ length: count }, (_, i) => i)
        .filter((i) => this.isReady(film, track, i))
        .map((i) => [i * SEGMENT_S, Math.min(film.duration, (i + 1) * SEGMENT_S)]);
    const { hls_url, dash_url, poster_url } = video;
    return {
      video,
      playback: { hls_url, dash_url, poster_url, edge: 'mock', bases: [''] },
      availability: {
        duration_s: film.duration,
        segment_starts_s: Array.from({ length: count }, (_, i) => i * SEGMENT_S),
        tracks: TRACKS.map((name) => ({
          name,
          ready: ready(name),
        })),
      },
    };
  }

  upload(record: MockUpload) {
    const film = this.films.get(record.video_id);
    return {
      ...record,
      title: film?.title ?? '',
      description: film?.description ?? '',
      part_size_bytes: 5 * 1024 * 1024,
      parallel_parts: 3,
      watch_url: `/watch/${record.video_id}`,
    };
  }
}

/** A catalogue to look at. */
export function demo(world: World): World {
  const titles = [
    'Harbour at first light',
    'The long way over the pass',
    'Letters from the lighthouse keeper, who had not spoken to anybody for eleven years',
    'Tram 12',
    'Bees',
    'How the old cinema was saved',
    'A short film about rain',
    'Everything we forgot to say',
  ];
  const now = Date.now();
  titles.forEach((title, i) => {
    world.addFilm(title, {
      createdAt: now - i ** 3 * 3_600_000 - 120_000,
      description: `Filmed in one week. See https://example.org/making-of (really!).\nThe best part is at 0:42.`,
    });
  });
  world.addFilm('Still in the oven', { completedAt: now, createdAt: now });
  world.addFilm('holiday-notes.docx', { failed: true, createdAt: now - 400_000 });
  return world;
}
