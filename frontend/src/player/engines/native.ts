import { Bases } from '../bases';
import type { Engine, StartEngine } from '../engine';

/** The browser's own HLS, where it has no Media Source Extensions. */
export const startNative: StartEngine = async (video, options) => {
  const bases = new Bases(options.source.bases, location.origin, options.source.renew);
  const play = (from: number) => {
    const at = from > 0 ? `#t=${from}` : '';
    video.src = bases.at(new URL(options.source.hls, location.origin).href) + at;
  };
  // Nobody says why it failed: a new token is of use in any case.
  let attempts = options.source.bases.length;
  const again = async () => {
    const { currentTime, paused } = video;
    await bases.refused();
    play(currentTime);
    if (!paused) video.play().catch(() => undefined);
  };
  const onError = () => {
    const code = video.error?.code;
    if (code === MediaError.MEDIA_ERR_NETWORK && attempts > 0) {
      attempts -= 1;
      bases.failed(new URL(options.source.hls, location.origin).href);
      void again();
      return;
    }
    if (code === MediaError.MEDIA_ERR_NETWORK) options.onFatal('network');
    else if (code === MediaError.MEDIA_ERR_DECODE) options.onFatal('media');
    else options.onFatal('unsupported');
  };
  video.addEventListener('error', onError);
  play(options.startAt);
  const engine: Engine = {
    name: 'native',
    hasQualities: false,
    setQuality: () => undefined,
    setCap: () => undefined,
    bandwidth: () => undefined,
    destroy() {
      video.removeEventListener('error', onError);
      video.removeAttribute('src');
      video.load();
    },
  };
  return engine;
};
