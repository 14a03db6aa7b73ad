import type { Engine, StartEngine } from '../engine';

/** The browser's own HLS, where it has no Media Source Extensions. */
export const startNative: StartEngine = async (video, options) => {
  const onError = () => {
    const code = video.error?.code;
    if (code === MediaError.MEDIA_ERR_NETWORK) options.onFatal('network');
    else if (code === MediaError.MEDIA_ERR_DECODE) options.onFatal('media');
    else options.onFatal('unsupported');
  };
  video.addEventListener('error', onError);
  const at = options.startAt > 0 ? `#t=${options.startAt}` : '';
  video.src = options.source.hls + at;
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
