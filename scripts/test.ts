/**
 * Runs the tests: `npm test [-- FILTER…]`, `npm run test:long`, `npm run test:device [-- --first-boot]`. Prints vitest's own
 * progress, then what was skipped and why, and last the plain counts. Exits 1 when a test failed, or when none ran.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SkipNote } from '../test/services/skips.ts';
import { countTests, summarize, type VitestReport } from './test/summary.ts';

const root = dirname(import.meta.dirname);

/** Tests that take long, and are asked for by a flag: the variables that let them run. */
interface Mode {
  readonly variables: Readonly<Record<string, string>>;
  /** What alone is run; the last flag that says so counts. */
  readonly only?: string;
}

const modes: Readonly<Record<string, Mode>> = {
  '--long': { variables: { FIELDLINE_TEST_LONG: '1' } },
  '--device': { variables: { FIELDLINE_TEST_DEVICE: '1' }, only: 'test/device/card/card.test.ts' },
  '--first-boot': {
    variables: { FIELDLINE_TEST_DEVICE: '1', FIELDLINE_TEST_FIRST_BOOT: '1' },
    only: 'test/device/card/first-boot.test.ts',
  },
};

process.exitCode = main(process.argv.slice(2));

function main(flags: readonly string[]): number {
  const directory = mkdtempSync(join(tmpdir(), 'fieldline-test-'));
  try {
    const exitCode = runVitest(flags, directory);
    const report = readReport(join(directory, 'report.json'));
    if (report === undefined) return exitCode || 1;
    const notes = readNotes(join(directory, 'skips.ndjson'));
    console.log(`\n${summarize({ report, notes }, root)}`);
    const { passed, failed } = countTests(report);
    return failed > 0 || passed === 0 ? 1 : exitCode;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function runVitest(flags: readonly string[], directory: string): number {
  const only = flags.map((flag) => modes[flag]?.only).findLast((each) => each !== undefined);
  const filters = [...flags.filter((flag) => !modes[flag]), ...(only === undefined ? [] : [only])];
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${directory}/report.json`];
  const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` };
  Object.assign(env, { FIELDLINE_SKIPS_FILE: join(directory, 'skips.ndjson') });
  for (const flag of flags) Object.assign(env, modes[flag]?.variables);
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...filters], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  return status ?? 1;
}

/** vitest writes this file itself, after its own schema; nobody else can. */
function readReport(path: string): VitestReport | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as VitestReport) : undefined;
}

function readNotes(path: string): SkipNote[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as SkipNote);
}
