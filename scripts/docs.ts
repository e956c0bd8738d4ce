/**
 * Generates the reference: `npm run docs`. With `--check` it writes nothing, names the pages that are out of
 * date, and exits 1 where there are any. `--root FOLDER` looks for the pages in another tree.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stalePages } from './docs/stale.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean' }, root: { type: 'string' } } });
const root = resolve(values.root ?? dirname(import.meta.dirname));
const checking = values.check === true;
const stale = await stalePages(root);

for (const { path, text } of stale) {
  if (checking) console.log(`${path} is out of date: run \`npm run docs\``);
  else if (text === undefined) rmSync(join(root, path));
  else write(join(root, path), text);
}
if (checking && stale.length > 0) process.exitCode = 1;

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${relative(root, path)}`);
}
