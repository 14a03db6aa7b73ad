import type { Rendition } from '../api/types';

export type EngineName = 'hls' | 'dash' | 'native';
export type EngineProblem = 'network' | 'media' | 'unsupported';

export interface Source {
  hls: string;
  dash: string;
  /** What these addresses can begin with, best first; empty for this page's own. */
  bases: readonly string[];
  /** Another address of the film, when its token is not valid any more; none if nobody may see it. */
  renew(): Promise<string | undefined>;
}

export interface EngineOptions {
  source: Source;
  renditions: readonly Rendition[];
  startAt: number;
  /** Parts may be missing yet: start low, where the first picture comes from. */
  incomplete: boolean;
  /** The engine has tried everything it can. */
  onFatal(problem: EngineProblem): void;
}

/** Feeds a media element. One is made for each film and destroyed with it. */
export interface Engine {
  readonly name: EngineName;
  /** Whether rungs can be chosen; the browser's own HLS chooses by itself. */
  readonly hasQualities: boolean;
  /** `undefined` leaves the choice to the engine. */
  setQuality(rung: Rendition | undefined): void;
  /** The most that automatic choice may pick. */
  setCap(rung: Rendition | undefined): void;
  /** Estimated bits a second. */
  bandwidth(): number | undefined;
  destroy(): void;
}

export type StartEngine = (video: HTMLVideoElement, options: EngineOptions) => Promise<Engine>;

/** What an edge answers when a token is not valid, or not any more. */
export const REFUSED = 403;

/** How long a segment that is encoded on demand may take to answer, with room to spare. */
export const FIRST_BYTE_MS = 45_000;
export const WHOLE_SEGMENT_MS = 120_000;

export function chooseEngine(forced: string | undefined, hasMediaSource: boolean): EngineName {
  if (forced === 'hls' || forced === 'dash' || forced === 'native') return forced;
  return hasMediaSource ? 'hls' : 'native';
}

export function hasMediaSource(): boolean {
  return 'MediaSource' in window || 'ManagedMediaSource' in window;
}

/** Only the engine that is used is loaded. */
export async function loadEngine(name: EngineName): Promise<StartEngine> {
  switch (name) {
    case 'hls':
      return (await import('./engines/hls')).startHls;
    case 'dash':
      return (await import('./engines/dash')).startDash;
    case 'native':
      return (await import('./engines/native')).startNative;
  }
}

/** Fetches the engine while the page still asks what to play. */
export function preloadEngine(forced: string | undefined): void {
  // A failure shows when the engine is needed.
  loadEngine(chooseEngine(forced, hasMediaSource())).catch(() => undefined);
}

interface Level {
  width: number;
  height: number;
  bandwidth: number;
}

/** The item most like `wanted`: the same size if there is one, then the nearest bandwidth. */
export function closest<T extends Level>(items: readonly T[], wanted: Level): T | undefined {
  const distance = (item: T) =>
    Math.abs(item.height - wanted.height) * 1e9 +
    Math.abs(item.width - wanted.width) * 1e6 +
    Math.abs(item.bandwidth - wanted.bandwidth) / 1e3;
  return [...items].sort((a, b) => distance(a) - distance(b))[0];
}
