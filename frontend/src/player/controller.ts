import type { Rendition } from '../api/types';
import { type Caption, Captions } from './captions';
import {
  chooseEngine,
  closest,
  type Engine,
  type EngineName,
  type EngineProblem,
  hasMediaSource,
  loadEngine,
  type Source,
} from './engine';
import type { PlayerMemory } from './memory';
import { type Range, timeRanges } from './ranges';

export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;

export type Status = 'loading' | 'ready' | 'playing' | 'paused' | 'buffering' | 'ended' | 'error';

export interface PlayerState {
  engine: EngineName;
  status: Status;
  time: number;
  duration: number;
  buffered: Range[];
  volume: number;
  muted: boolean;
  rate: number;
  /** The rung asked for; undefined is automatic. */
  wanted: string | undefined;
  /** The rung shown. */
  shown: string | undefined;
  hasQualities: boolean;
  captions: Caption[];
  /** Index of the captions on the screen. */
  caption: number | undefined;
  problem: EngineProblem | 'engine' | undefined;
  /** Where playback continued from an earlier visit, until the viewer moves. */
  resumedAt: number | undefined;
}

export interface Film {
  id: string;
  source: Source;
  renditions: readonly Rendition[];
  duration: number;
  /** Asked for in the address, stronger than what is remembered. */
  startAt: number | undefined;
  incomplete: boolean;
  forcedEngine: string | undefined;
}

const REMEMBER_EVERY_S = 5;

/** Plays one film in one media element: the state of the player, outside React. */
export class PlayerController {
  state: PlayerState;
  readonly #listeners = new Set<() => void>();
  readonly #events = new AbortController();
  #engine: Engine | undefined;
  #cap: Rendition | undefined;
  #generation = 0;
  #rememberedAt = 0;
  readonly #captions: Captions;

  constructor(
    readonly video: HTMLVideoElement,
    private readonly film: Film,
    private readonly memory: PlayerMemory,
  ) {
    this.#captions = new Captions(video);
    const saved = memory.preferences();
    const known = film.renditions.some((rung) => rung.name === saved.quality);
    const start = this.#start();
    this.state = {
      engine: chooseEngine(film.forcedEngine, hasMediaSource()),
      status: 'loading',
      time: start.at,
      duration: film.duration,
      buffered: [],
      volume: saved.volume,
      muted: saved.muted,
      rate: saved.rate,
      wanted: known ? saved.quality : undefined,
      shown: undefined,
      hasQualities: true,
      captions: [],
      caption: undefined,
      problem: undefined,
      resumedAt: start.resumed ? start.at : undefined,
    };
    this.#listen();
    memory.prune();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): PlayerState => this.state;

  /** Loads the engine and tries to play; browsers may refuse to before a click. */
  async load(autoplay: boolean): Promise<void> {
    const generation = ++this.#generation;
    const { video, film, state } = this;
    this.#set({ status: 'loading', problem: undefined });
    video.volume = state.volume;
    video.muted = state.muted;
    video.defaultPlaybackRate = state.rate;
    video.playbackRate = state.rate;
    const current = () => generation === this.#generation;
    try {
      const start = await loadEngine(state.engine);
      if (!current()) return;
      const engine = await start(video, {
        source: film.source,
        renditions: film.renditions,
        startAt: state.time,
        incomplete: film.incomplete,
        onFatal: (problem) => current() && this.#set({ problem, status: 'error' }),
      });
      if (!current()) return engine.destroy();
      this.#engine = engine;
      this.#set({ hasQualities: engine.hasQualities });
      engine.setCap(this.#cap);
      this.setQuality(state.wanted);
      if (autoplay) await this.play();
    } catch {
      if (current()) this.#set({ problem: 'engine', status: 'error' });
    }
  }

  /** Starts again where it stopped. */
  retry(): void {
    this.#engine?.destroy();
    this.#engine = undefined;
    void this.load(true);
  }

  destroy(): void {
    this.#generation += 1;
    this.#rememberPosition();
    this.#events.abort();
    this.#engine?.destroy();
  }

  async play(): Promise<void> {
    if (this.state.status === 'ended') this.seek(0);
    // Refused before the first click, or interrupted by a pause: the state shows it either way.
    await this.video.play().catch(() => undefined);
    if (this.video.paused && this.state.status === 'loading') this.#settle();
  }

  toggle(): void {
    if (this.video.paused || this.state.status === 'ended') void this.play();
    else this.video.pause();
  }

  seek(seconds: number): void {
    const most = this.state.duration > 0 ? this.state.duration : seconds;
    const time = Math.min(Math.max(0, seconds), most);
    this.video.currentTime = time;
    this.#set({ time, resumedAt: undefined });
  }

  startOver(): void {
    this.memory.forget(this.film.id);
    this.seek(0);
  }

  setVolume(volume: number): void {
    this.video.volume = Math.min(1, Math.max(0, Math.round(volume * 100) / 100));
    this.video.muted = this.video.volume === 0;
  }

  toggleMute(): void {
    this.video.muted = !this.video.muted;
    if (!this.video.muted && this.video.volume === 0) this.video.volume = 0.5;
  }

  setRate(rate: number): void {
    this.video.playbackRate = rate;
  }

  stepRate(direction: 1 | -1): void {
    const next = SPEEDS.filter((speed) => (speed - this.state.rate) * direction > 0.001);
    const rate = direction === 1 ? next[0] : next.at(-1);
    if (rate !== undefined) this.setRate(rate);
  }

  stepFrame(direction: 1 | -1): void {
    if (!this.video.paused) return;
    const shown = this.film.renditions.find((rung) => rung.name === this.state.shown);
    this.seek(this.video.currentTime + direction / (shown?.frame_rate || 25));
  }

  setQuality(name: string | undefined): void {
    this.#engine?.setQuality(this.film.renditions.find((rung) => rung.name === name));
    this.#set({ wanted: name });
  }

  chooseQuality(name: string | undefined): void {
    this.setQuality(name);
    this.memory.remember({ quality: name });
  }

  showCaptions(index: number | undefined): void {
    this.memory.remember({ captions: this.#captions.list[index ?? -1]?.language });
    this.#captions.show(index);
    this.#readCaptions();
  }

  /** Switches them on or off; tells what is shown now. */
  toggleCaptions(): Caption | 'off' | 'none' {
    const { captions, caption } = this.state;
    if (captions.length === 0) return 'none';
    this.showCaptions(caption === undefined ? this.#captions.like(navigator.language) : undefined);
    return this.state.captions[this.state.caption ?? -1] ?? 'off';
  }

  /** The most that automatic quality may pick; kept for an engine that is still loading. */
  setCap(rung: Rendition | undefined): void {
    this.#cap = rung;
    this.#engine?.setCap(rung);
  }

  bandwidth(): number | undefined {
    return this.#engine?.bandwidth();
  }

  #start(): { at: number; resumed: boolean } {
    const { startAt, duration, id } = this.film;
    if (startAt !== undefined)
      return { at: Math.min(startAt, duration || startAt), resumed: false };
    const at = this.memory.position(id);
    return at === undefined || (duration > 0 && at >= duration)
      ? { at: 0, resumed: false }
      : { at, resumed: true };
  }

  #listen(): void {
    const { video } = this;
    const on = (names: string, act: () => void) => {
      for (const name of names.split(' ')) {
        video.addEventListener(name, act, { signal: this.#events.signal });
      }
    };
    on('play playing pause ended waiting seeking seeked canplay loadeddata', () => this.#settle());
    on('timeupdate seeked', () => this.#tick());
    on('loadedmetadata resize', () => this.#set({ shown: this.#shown() }));
    on('progress', () => this.#set({ buffered: timeRanges(video.buffered) }));
    on('durationchange', () => {
      if (Number.isFinite(video.duration)) this.#set({ duration: video.duration });
    });
    on('volumechange', () => {
      const { volume, muted } = video;
      this.#set({ volume, muted });
      this.memory.remember({ volume, muted });
    });
    on('ratechange', () => {
      const rate = video.playbackRate;
      // Zero while an engine stalls on purpose: not what the viewer chose.
      if (rate === 0) return;
      this.#set({ rate });
      this.memory.remember({ rate });
    });
    on('pause', () => this.#rememberPosition());
    for (const name of ['addtrack', 'removetrack', 'change']) {
      const act = () => this.#readCaptions(name === 'addtrack');
      video.textTracks?.addEventListener(name, act, { signal: this.#events.signal });
    }
    window.addEventListener('pagehide', () => this.#rememberPosition(), {
      signal: this.#events.signal,
    });
  }

  #readCaptions(added = false): void {
    const wanted = added ? this.memory.preferences().captions : undefined;
    const known = this.#captions.list.findIndex(({ language }) => language === wanted);
    if (known !== -1) this.#captions.show(known);
    this.#set({ captions: this.#captions.list, caption: this.#captions.shown });
  }

  /** The rung on the screen, by the size of its picture: the same truth for every engine. */
  #shown(): string | undefined {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (height === 0) return undefined;
    return closest(this.film.renditions, { width, height, bandwidth: 0 })?.name;
  }

  /** Reads the status off the element, which is the only truth. */
  #settle(): void {
    const { video, state } = this;
    if (state.problem) return;
    const has = video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    let status: Status;
    if (video.ended) status = 'ended';
    else if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA && state.status === 'loading') {
      status = 'loading';
    } else if (video.paused) status = video.played.length > 0 ? 'paused' : 'ready';
    else status = has && !video.seeking ? 'playing' : 'buffering';
    this.#set({ status });
  }

  #tick(): void {
    const { video } = this;
    // Before the start position is applied the element stands at 0.
    if (video.readyState === 0) return;
    this.#set({ time: video.currentTime, buffered: timeRanges(video.buffered) });
    if (!video.paused && this.state.status !== 'ended') this.#settle();
    if (Math.abs(video.currentTime - this.#rememberedAt) >= REMEMBER_EVERY_S) {
      this.#rememberPosition();
    }
  }

  #rememberPosition(): void {
    const { video, state, film } = this;
    if (video.readyState === 0 || video.played.length === 0) return;
    this.#rememberedAt = video.currentTime;
    this.memory.watched(film.id, video.currentTime, state.duration);
  }

  #set(change: Partial<PlayerState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
