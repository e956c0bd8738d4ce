/**
 * Writes the bill of materials of what ships, as CycloneDX 1.6 JSON: `npm run sbom [-- FILE]`, without a file to
 * standard output. Packages that only development needs are left out. The same lock file gives the same document.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfLockFile } from './sbom/bill-of-materials.ts';

const root = join(import.meta.dirname, '..');
const document = billOfLockFile(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const [file] = process.argv.slice(2);
if (file === undefined) process.stdout.write(`${document}\n`);
else writeFileSync(file, `${document}\n`);
