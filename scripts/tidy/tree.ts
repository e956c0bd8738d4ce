import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** One text file of the repository. */
export interface TreeFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** A rule's finding: where, and what to do about it. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

const binary = /\.(png|jpg|ico|gif|woff2?|bin|gz|db|log|csv|jsonl|ndjson|cbor)$/;
/** Larger files are data: recordings, golden vectors, the lock file. */
const maxTextBytes = 1_000_000;

/** The text files under `root` that git tracks or would track, without the planted errors. */
export function readTree(root: string): TreeFile[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64_000_000,
  });
  return [...new Set(listed.split('\0'))]
    .filter((path) => path !== '' && !path.startsWith('scripts/planted/') && !binary.test(path))
    .filter((path) => isSmallFile(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function isSmallFile(path: string): boolean {
  if (!existsSync(path)) return false;
  const stat = statSync(path);
  return stat.isFile() && stat.size <= maxTextBytes;
}

/** Whether a file holds program text of ours. */
export function isSource(path: string): boolean {
  return /\.(ts|js|svelte|css)$/.test(path);
}

/** Whether a file is a test, a benchmark's data or a test's support. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.startsWith('test/') || path.includes('/src/testing/');
}
