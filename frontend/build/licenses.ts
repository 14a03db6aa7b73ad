import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

/** Where the pages link to. */
export const FILE = 'licenses.txt';

const NOTICE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;

interface Manifest {
  name?: string;
  version?: string;
  license?: string;
  homepage?: string;
}

/** The folder of the package that a module belongs to; undefined for our own and made-up ones. */
function packageOf(id: string): string | undefined {
  const [path = ''] = id.replace(/^\0/, '').split('?');
  if (!path.includes('/node_modules/')) return undefined;
  for (let folder = dirname(path); !folder.endsWith('/node_modules'); folder = dirname(folder)) {
    // Some packages have nameless package.json files inside, which only tell the kind of module.
    if (existsSync(join(folder, 'package.json')) && manifest(folder).name) return folder;
  }
  return undefined;
}

const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

function entry(folder: string): string {
  const { name, version, license, homepage } = manifest(folder);
  if (!license) throw new Error(`${name} names no licence: it must not be bundled`);
  const texts = readdirSync(folder)
    .filter((file) => NOTICE.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const head = [`${name} ${version}`, license, homepage ?? ''].filter((line) => line !== '');
  return [head.join('\n'), ...texts].join('\n\n');
}

/** The notices of all packages that these modules come from, each once, by name. */
export function notices(modules: Iterable<string>): string {
  const folders = new Set<string>();
  for (const id of modules) {
    const folder = packageOf(id);
    if (folder) folders.add(folder);
  }
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  const intro = 'The pages of Marquee contain these libraries, with thanks to their authors.';
  // The mark at the beginning tells browsers that it is UTF-8; names have accents.
  return `\uFEFF${[intro, ...[...folders].map(entry).sort()].join(rule)}\n`;
}

/** Writes the licences of what is really bundled beside the bundle. */
export function licenses(): Plugin {
  return {
    name: 'marquee-licenses',
    apply: 'build',
    generateBundle() {
      // Not only what the chunks kept: a module may be there under another's name.
      this.emitFile({ type: 'asset', fileName: FILE, source: notices(this.getModuleIds()) });
    },
  };
}
