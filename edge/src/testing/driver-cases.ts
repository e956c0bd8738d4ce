import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Driver } from '../drivers/driver.ts';
import { RecordingHost } from './recording-host.ts';

/** What a driver shall make of a recording. */
export interface ExpectedOutcome {
  readonly rows: readonly Record<string, number>[];
  readonly discarded: Readonly<Record<string, number>>;
  /** Code of the error with which the poll fails. */
  readonly error?: string;
}

/** A folder: `config.yaml` (the driver's settings), the recorded input, `expected.json`. */
export interface DriverCase {
  readonly name: string;
  readonly directory: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly expected: ExpectedOutcome;
}

/** The cases below a driver's folder `cases/`, beside the test. */
export function driverCases(testUrl: string): DriverCase[] {
  const root = fileURLToPath(new URL('./cases/', testUrl));
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => {
    const directory = join(root, name);
    const config = join(directory, 'config.yaml');
    return {
      name,
      directory,
      settings: existsSync(config) ? (parse(readFileSync(config, 'utf8')) ?? {}) : {},
      expected: JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8')),
    };
  });
}

/** A host on which the driver runs with these settings; throws where the driver refuses them. */
export function runDriver(driver: Driver, settings: unknown): RecordingHost {
  const bound = driver.bind(settings);
  if (!bound.ok) throw new Error(`${bound.refusal.code}: ${bound.refusal.detail}`);
  return new RecordingHost(bound.value);
}

/** Asks the instrument of a polling driver once, and says what came of it, without the times. */
export async function askOnce(host: RecordingHost): Promise<ExpectedOutcome> {
  const error = await host.ask().then(
    () => undefined,
    (cause: unknown) => (cause instanceof Error && 'code' in cause ? String(cause.code) : 'no code'),
  );
  return { ...outcomeOf(host), ...(error === undefined ? {} : { error }) };
}

/** What a host has been told so far, without the times. */
export function outcomeOf(host: RecordingHost): ExpectedOutcome {
  const rows = host.rows.map(({ at: _at, ...values }) => values);
  return { rows, discarded: host.discarded };
}
