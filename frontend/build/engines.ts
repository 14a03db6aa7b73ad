import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

/**
 * Builds hls.js from its own sources with only what Marquee's streams need: CMAF segments and
 * separate sound. Without it the engine is 184 kB compressed; so it is about 100. Its package
 * publishes the sources and these switches are its own (`src/define-plugin.d.ts`).
 *
 * Only the production build does this: `vite dev` and the tests use the published bundle.
 */
const SWITCHES: Record<string, boolean> = {
  __USE_ALT_AUDIO__: true,
  __USE_SUBTITLES__: true,
  // Turn this on when manifests name several edges.
  __USE_CONTENT_STEERING__: false,
  __USE_CMCD__: false,
  __USE_EME_DRM__: false,
  __USE_IFRAMES__: false,
  __USE_INTERSTITIALS__: false,
  __USE_M2TS_ADVANCED_CODECS__: false,
  __USE_MEDIA_CAPABILITIES__: false,
  __USE_VARIABLE_SUBSTITUTION__: false,
  __IN_WORKER__: false,
};

/**
 * What reads MPEG-TS, raw AAC and MP3 and makes MP4 of them, captions that are not WebVTT, decryption,
 * timed metadata (ID3, date ranges), and progressive loading, which is off.
 * By importer, since others may need some of these.
 */
const LEFT_OUT: Record<string, RegExp> = {
  'demux/transmuxer.ts': /\/(?:tsdemuxer|aacdemuxer|mp3demuxer|ac3-demuxer|mp4-remuxer)$/,
  'controller/timeline-controller.ts': /\/(?:cea-608-parser|output-filter|imsc1-ttml-parser)$/,
  'controller/subtitle-track-controller.ts': /\/imsc1-ttml-parser$/,
  'crypt/decrypter.ts': /\/aes-decryptor$/,
  'config.ts': /\/(?:fetch-loader|id3-track-controller)$/,
};

const ENTRY = '\0marquee-hls-entry';
const STUB = '\0marquee-hls-stub';
const STUB_SOURCE = `
class LeftOut { static probe() { return false; } destroy() {} }
export default LeftOut;
export const AC3Demuxer = LeftOut;
export const IMSC1_CODEC = 'stpp.ttml.im1t';
export const parseIMSC1 = undefined;
export const removePadding = undefined;
export const fetchSupported = () => false;
`;

/** The builds of the engines that are shipped. */
export function slimEngines(): Plugin {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('hls.js/package.json'));
  // dash.js without Smooth Streaming, DRM and metrics; its package does not export the file.
  const dashFolder = join(dirname(require.resolve('dashjs')), '..', 'esm');
  const dashPlayer = join(dashFolder, 'dash.mediaplayer.min.js');
  const source = join(folder, 'src');
  const leftOut = Object.entries(LEFT_OUT).map(
    ([importer, what]) => [join(source, importer), what] as const,
  );
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const switches = Object.entries(SWITCHES).map(([name, on]) => [name, JSON.stringify(on)]);
  return {
    name: 'marquee-slim-engines',
    apply: 'build',
    enforce: 'pre',
    config: () => ({
      resolve: { alias: [{ find: /^dashjs$/, replacement: dashPlayer }] },
      define: {
        ...Object.fromEntries(switches),
        __HLS_WORKER_BUNDLE__: 'undefined',
        __VERSION__: JSON.stringify(version),
      },
    }),
    resolveId(id, importer) {
      if (id === 'hls.js') return ENTRY;
      if (leftOut.some(([from, what]) => importer === from && what.test(id))) return STUB;
      return undefined;
    },
    load(id) {
      if (id === STUB) return STUB_SOURCE;
      if (id !== ENTRY) return undefined;
      const from = (name: string) => JSON.stringify(join(source, name));
      return `
export { default } from ${from('hls.ts')};
export { ErrorTypes } from ${from('errors.ts')};
export { Events } from ${from('events.ts')};
`;
    },
  };
}
