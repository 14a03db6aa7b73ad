// Components stay small enough to read at a glance.
import { readdirSync, readFileSync } from 'node:fs';

const MOST_LINES = 250;
const SOURCE = new URL('../src/', import.meta.url);

const long = readdirSync(SOURCE, { recursive: true })
  .filter((name) => name.endsWith('.tsx'))
  .map((name) => ({ name, lines: readFileSync(new URL(name, SOURCE), 'utf8').split('\n').length }))
  .filter(({ lines }) => lines > MOST_LINES);

for (const { name, lines } of long) {
  console.error(`src/${name} has ${lines} lines; ${MOST_LINES} are allowed: split it`);
}
process.exitCode = long.length > 0 ? 1 : 0;
