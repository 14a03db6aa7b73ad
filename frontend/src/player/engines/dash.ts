import { MediaPlayer, type MediaPlayerClass, type MediaPlayerSettingClass } from 'dashjs';
import type { Rendition } from '../../api/types';
import { Bases } from '../bases';
import {
  closest,
  type Engine,
  type EngineOptions,
  FIRST_BYTE_MS,
  REFUSED,
  type StartEngine,
} from '../engine';

const RETRIES = 10;

function settingsFor(options: EngineOptions): MediaPlayerSettingClass {
  return {
    debug: { logLevel: 0 },
    streaming: {
      fragmentRequestTimeout: FIRST_BYTE_MS,
      manifestRequestTimeout: FIRST_BYTE_MS,
      retryAttempts: { MediaSegment: RETRIES, InitializationSegment: RETRIES, MPD: RETRIES },
      retryIntervals: { MediaSegment: 2_000, InitializationSegment: 2_000, MPD: 2_000 },
      buffer: { bufferTimeDefault: 20, bufferToKeep: 60, fastSwitchEnabled: true },
      abr: options.incomplete ? { initialBitrate: { video: 1 } } : {},
    },
  };
}

/** Has each request that got no answer repeated at the next edge. */
function overEdges(player: MediaPlayerClass, bases: Bases) {
  const addresses = new WeakMap<object, string>();
  const unanswered = new Set<string>();
  player.addRequestInterceptor(async (request) => {
    // What was given up on is not asked for again, and so says nothing about the edge.
    if (unanswered.delete(request.url)) bases.failed(request.url);
    addresses.set(request, request.url);
    request.url = bases.at(request.url);
    return request;
  });
  player.addResponseInterceptor(async (response) => {
    // A refusal (404) is the film's, and the same everywhere.
    const answered = [2, 4].includes(Math.floor((response.status ?? 0) / 100));
    const url = addresses.get(response.request);
    if (url && !answered) unanswered.add(url);
    if (response.status === REFUSED) await bases.refused();
    return response;
  });
}

/** DASH by dash.js. */
export const startDash: StartEngine = async (video, options) => {
  const player = MediaPlayer().create();
  player.updateSettings(settingsFor(options));
  overEdges(player, new Bases(options.source.bases, location.origin, options.source.renew));
  const levels = () =>
    player.getRepresentationsByType('video').map((one) => ({
      id: one.id,
      width: one.width,
      height: one.height,
      bandwidth: one.bandwidth,
    }));
  let wanted: Rendition | undefined;
  let initialized = false;

  const apply = () => {
    player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: !wanted } } } });
    if (!initialized || !wanted) return;
    const level = closest(levels(), wanted);
    const current = player.getCurrentRepresentationForType('video');
    // What is buffered already is replaced, or a film that is loaded to its end would never change.
    if (level && level.id !== current?.id) {
      player.setRepresentationForTypeById('video', level.id, true);
    }
  };
  player.on(MediaPlayer.events.STREAM_INITIALIZED, () => {
    initialized = true;
    apply();
  });
  player.on(MediaPlayer.events.ERROR, ({ error }) => {
    const code = typeof error === 'object' ? error.code : 0;
    options.onFatal(code >= 10 && code < 40 ? 'network' : 'media');
  });
  player.initialize(video, options.source.dash, false, options.startAt || undefined);

  const engine: Engine = {
    name: 'dash',
    hasQualities: true,
    setQuality(rung) {
      wanted = rung;
      apply();
    },
    setCap(rung) {
      const most = rung ? Math.ceil(rung.bandwidth / 1000) + 1 : -1;
      player.updateSettings({ streaming: { abr: { maxBitrate: { video: most } } } });
    },
    bandwidth() {
      const kilobits = player.getAverageThroughput('video');
      return Number.isFinite(kilobits) && kilobits > 0 ? kilobits * 1000 : undefined;
    },
    destroy: () => player.destroy(),
  };
  return engine;
};
