import { Bases } from '../bases';
import type { Engine, StartEngine } from '../engine';

/** The browser's own HLS, where it has no Media Source Extensions. */
export const startNative: StartEngine = async (video, options) => {
  const bases = new Bases(options.source.bases, location.origin);
  const play = (from: number) => {
    const at = from > 0 ? `#t=${from}` : '';
    video.src = bases.at(new URL(options.source.hls, location.origin).href) + at;
  };
  let edgesLeft = options.source.bases.length - 1;
  const onError = () => {
    const code = video.error?.code;
    if (code === MediaError.MEDIA_ERR_NETWORK && edgesLeft > 0) {
      edgesLeft -= 1;
      const { currentTime, paused } = video;
      bases.failed(new URL(options.source.hls, location.origin).href);
      play(currentTime);
      if (!paused) video.play().catch(() => undefined);
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
