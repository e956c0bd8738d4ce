import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';

const root = dirname(dirname(import.meta.dirname));

/** A tool that holds the tree to something, and the proof that it can fail. */
export interface Checker {
  readonly name: string;
  /** A script of Node and its arguments, from the root. */
  readonly command: readonly string[];
  /** The same tool on a planted error, and what it must say about it. */
  readonly planted: readonly { readonly command: readonly string[]; readonly says: RegExp }[];
}

const prettier = 'node_modules/prettier/bin/prettier.cjs';
const eslint = 'node_modules/eslint/bin/eslint.js';
const tsc = 'node_modules/@typescript/native/bin/tsc';
const svelteCheck = 'node_modules/svelte-check/bin/svelte-check';

/** What `npm run check` runs. */
export const checkers: readonly Checker[] = [
  {
    name: 'format',
    command: [prettier, '--check', '--cache', '--cache-strategy', 'content', '--log-level', 'warn', '.'],
    planted: [
      {
        command: [prettier, '--check', '--ignore-path', 'scripts/planted/none', 'scripts/planted/format'],
        says: /double-quotes\.ts/,
      },
    ],
  },
  {
    name: 'lint',
    command: [eslint, '--max-warnings', '0', '.'],
    planted: [
      {
        command: [eslint, '--no-ignore', 'scripts/planted/lint'],
        says: /@typescript-eslint\/no-floating-promises/,
      },
      {
        command: [eslint, '--no-ignore', 'scripts/planted/edge'],
        says: /edge must not import gateway[\s\S]*fieldline\/import-direction/,
      },
    ],
  },
  {
    name: 'types',
    command: [tsc, '-p', '.'],
    planted: [{ command: [tsc, '-p', 'scripts/planted/types'], says: /unchecked-index\.ts.*TS2322/ }],
  },
  {
    name: 'svelte',
    command: [svelteCheck, '--workspace', 'dashboard', '--tsconfig', './tsconfig.json', '--fail-on-warnings'],
    planted: [
      {
        command: [svelteCheck, '--workspace', 'scripts/planted/svelte', '--tsconfig', './tsconfig.json'],
        says: /WrongType\.svelte[\s\S]*not assignable to type 'number'/,
      },
    ],
  },
  {
    name: 'tidy',
    command: ['scripts/tidy.ts'],
    planted: [{ command: ['scripts/tidy.ts', 'scripts/planted/tidy'], says: /order-manager\.ts/ }],
  },
  {
    name: 'docs',
    command: ['scripts/docs.ts', '--check'],
    planted: [
      {
        command: ['scripts/docs.ts', '--check', '--root', 'scripts/planted/docs'],
        says: /errors\.md is out of date/,
      },
    ],
  },
];

/** How a checker ended. */
export interface CheckOutcome {
  readonly passed: boolean;
  readonly output: string;
  readonly seconds: number;
}

/** Runs one command of a checker in the root of the repository. */
export async function runCheck(command: readonly string[]): Promise<CheckOutcome> {
  const started = performance.now();
  const [script = '', ...flags] = command;
  const child = spawn(process.execPath, [join(root, script), ...flags], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return {
    passed: exitCode === 0,
    output: Buffer.concat(chunks).toString('utf8'),
    seconds: (performance.now() - started) / 1000,
  };
}
