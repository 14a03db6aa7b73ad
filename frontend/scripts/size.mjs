// Fails when a page's JavaScript grows above its budget. Run after `npm run build`.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url);
const KB = 1000;

// What a browser loads to show the page, the engine it loads later included.
// In the corner of every page: who is signed in.
const EVERYWHERE = ['index.html', 'src/account/Corner.tsx'];
const BUDGETS = [
  { page: 'home', entries: EVERYWHERE, budget: 130 },
  { page: 'upload', entries: [...EVERYWHERE, 'src/pages/UploadPage.tsx'], budget: 135 },
  {
    page: 'watch (HLS)',
    entries: [...EVERYWHERE, 'src/pages/WatchPage.tsx', 'src/player/engines/hls.ts'],
    budget: 250,
  },
  {
    // Only when the address asks for DASH: nobody gets this by default.
    page: 'watch (DASH, forced)',
    entries: [...EVERYWHERE, 'src/pages/WatchPage.tsx', 'src/player/engines/dash.ts'],
    budget: 360,
  },
];

const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', DIST), 'utf8'));

function files(entries) {
  const found = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (!chunk) throw new Error(`${key} is not in the build`);
    if (found.has(chunk.file)) return;
    found.add(chunk.file);
    for (const imported of chunk.imports ?? []) visit(imported);
  };
  for (const entry of entries) visit(entry);
  return [...found].filter((file) => file.endsWith('.js'));
}

const compressed = (file) => gzipSync(readFileSync(new URL(file, DIST)), { level: 9 }).length;

let failed = false;
for (const { page, entries, budget } of BUDGETS) {
  const size = files(entries).reduce((sum, file) => sum + compressed(file), 0) / KB;
  const over = size > budget;
  failed ||= over;
  console.log(`${over ? 'TOO BIG' : 'ok'}  ${page}: ${size.toFixed(1)} kB of ${budget} kB`);
}
process.exitCode = failed ? 1 : 0;
