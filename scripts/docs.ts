/**
 * Generates the reference: `npm run docs`. With `--check` it writes nothing, names the pages that are out of
 * date, and exits 1 where there are any.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stalePages } from './docs/stale.ts';

const root = dirname(import.meta.dirname);
const checking = process.argv.includes('--check');
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
  console.log(`wrote ${path}`);
}
