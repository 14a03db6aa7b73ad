import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { slimEngines } from './build/engines.ts';
import { licenses } from './build/licenses.ts';
import { mockServer } from './mock/server.ts';

const backend = process.env.MARQUEE_URL ?? 'http://127.0.0.1:8080';

export default defineConfig(({ mode }) => ({
  plugins: [react(), slimEngines(), licenses(), ...(mode === 'mock' ? [mockServer()] : [])],
  build: {
    target: 'es2022',
    // A strict content security policy forbids data: and inline code.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    manifest: true,
  },
  // `marquee up` on its default address; in production everything is same-origin.
  ...(mode === 'mock' ? {} : { server: { proxy: { '^/(api|v|marquee)/': { target: backend } } } }),
  test: {
    projects: [
      { extends: true, test: { name: 'logic', include: ['src/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'pages',
          environment: 'happy-dom',
          include: ['src/**/*.test.tsx'],
          testTimeout: 60_000,
          setupFiles: ['src/testing/setup.ts'],
        },
      },
    ],
  },
}));
