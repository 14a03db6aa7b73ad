import Hls, { type ErrorData, ErrorTypes, Events, type HlsConfig, type LoadPolicy } from 'hls.js';
import type { Rendition } from '../../api/types';
import { Bases } from '../bases';
import {
  closest,
  type Engine,
  type EngineOptions,
  FIRST_BYTE_MS,
  REFUSED,
  type StartEngine,
  WHOLE_SEGMENT_MS,
} from '../engine';

const MEDIA_RECOVERIES = 2;
/** A token that is refused so often in a row is not for this viewer. */
const RENEWALS = 3;
const MEDIA_RECOVERY_WINDOW_MS = 10_000;

const patient: LoadPolicy = {
  default: {
    maxTimeToFirstByteMs: FIRST_BYTE_MS,
    maxLoadTimeMs: WHOLE_SEGMENT_MS,
    timeoutRetry: { maxNumRetry: 6, retryDelayMs: 0, maxRetryDelayMs: 8_000 },
    errorRetry: {
      maxNumRetry: 10,
      retryDelayMs: 1_000,
      maxRetryDelayMs: 8_000,
      // No answer at all is final by default, and so is a refusal; here there may be another edge, or
      // another token.
      shouldRetry: (config, count, _isTimeout, response, retry) =>
        retry ||
        (response?.code === 0 && count < (config?.maxNumRetry ?? 0)) ||
        (response?.code === REFUSED && count < RENEWALS),
    },
  },
};

function configFor(options: EngineOptions, bases: Bases): Partial<HlsConfig> {
  return {
    xhrSetup(xhr, url) {
      xhr.open('GET', bases.at(url), true);
      // Before it is tried again, which the loader does by itself.
      xhr.addEventListener('error', () => bases.failed(url));
      xhr.addEventListener('load', () => {
        if (xhr.status >= 500) bases.failed(url);
        if (xhr.status === REFUSED) void bases.refused();
      });
    },
    fragLoadPolicy: patient,
    playlistLoadPolicy: patient,
    manifestLoadPolicy: patient,
    // fMP4 is only passed through: a worker would cost more than it saves, and a blob: script.
    enableWorker: false,
    startPosition: options.startAt > 0 ? options.startAt : -1,
    startLevel: options.incomplete ? 0 : -1,
    maxBufferLength: 30,
    maxMaxBufferLength: 90,
    backBufferLength: 60,
    capLevelToPlayerSize: false,
    // Captions come as WebVTT; the parsers for the others are not bundled.
    enableCEA708Captions: false,
    enableIMSC1: false,
  };
}

/** HLS by hls.js. */
export const startHls: StartEngine = async (video, options) => {
  if (!Hls.isSupported()) options.onFatal('unsupported');
  const bases = new Bases(options.source.bases, location.origin, options.source.renew);
  const hls = new Hls(configFor(options, bases));
  const levels = () =>
    hls.levels.map((level, index) => ({
      index,
      width: level.width,
      height: level.height,
      bandwidth: level.bitrate,
    }));
  const indexOf = (rung: Rendition) => closest(levels(), rung)?.index ?? -1;
  let wanted: Rendition | undefined;
  let cap: Rendition | undefined;

  const apply = () => {
    if (hls.levels.length === 0) return;
    hls.autoLevelCapping = cap ? indexOf(cap) : -1;
    const level = wanted ? indexOf(wanted) : -1;
    if (level === -1 ? !hls.autoLevelEnabled : hls.loadLevel !== level || hls.autoLevelEnabled) {
      hls.nextLevel = level;
    }
  };
  hls.on(Events.MANIFEST_PARSED, apply);
  hls.on(Events.ERROR, (_event, { details, url, frag }) => {
    const asked = frag?.url ?? url;
    if (asked && details.endsWith('TimeOut')) bases.failed(asked);
  });
  hls.on(Events.ERROR, fatalHandler(hls, options));
  hls.loadSource(options.source.hls);
  hls.attachMedia(video);

  const engine: Engine = {
    name: 'hls',
    hasQualities: true,
    setQuality(rung) {
      wanted = rung;
      apply();
    },
    setCap(rung) {
      cap = rung;
      apply();
    },
    bandwidth: () => (Number.isFinite(hls.bandwidthEstimate) ? hls.bandwidthEstimate : undefined),
    destroy: () => hls.destroy(),
  };
  return engine;
};

/** Decoder trouble is often cured by attaching again; everything else fatal is final. */
function fatalHandler(hls: Hls, options: EngineOptions) {
  let recoveries: number[] = [];
  return (_event: string, data: ErrorData) => {
    if (!data.fatal) return;
    if (data.type === ErrorTypes.MEDIA_ERROR) {
      const now = performance.now();
      recoveries = recoveries.filter((at) => now - at < MEDIA_RECOVERY_WINDOW_MS);
      if (recoveries.length < MEDIA_RECOVERIES) {
        recoveries.push(now);
        hls.recoverMediaError();
        return;
      }
    }
    options.onFatal(data.type === ErrorTypes.NETWORK_ERROR ? 'network' : 'media');
  };
}
