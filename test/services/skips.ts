import { accessSync, appendFileSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { expect } from 'vitest';

/** A program that some tests need and that a user's machine may not have. */
export interface Program {
  readonly name: string;
  /** Tests that need it: `describe.skipIf(influxd.missing)(…)`. */
  readonly missing: boolean;
  /** Where it is. Reading it while `missing` throws, so that a forgotten `skipIf` is a clear failure. */
  readonly path: string;
}

/** One line of the file named by `FIELDLINE_SKIPS_FILE`, from which `npm test` makes its summary. */
export interface SkipNote {
  readonly program: string;
  readonly install: string;
  readonly testFile: string;
}

/**
 * Looks for a program at `paths`, in order: absolute paths, or bare names looked up in PATH. Where it is
 * nowhere, the skip is noted for the summary of `npm test`, with the command that installs it; with
 * `FIELDLINE_REQUIRE_SERVICES=1` a missing program fails the test file instead.
 */
export function requireProgram(name: string, paths: readonly string[], installCommand: string): Program {
  const path = paths.map(findExecutable).find((found) => found !== undefined);
  return path === undefined ? missingProgram(name, installCommand) : { name, missing: false, path };
}

/** As `requireProgram`, for a file that is no program: its path, or undefined where it is not there. */
export function requireFile(name: string, path: string | undefined, installCommand: string): Program {
  return path === undefined ? missingProgram(name, installCommand) : { name, missing: false, path };
}

function missingProgram(name: string, installCommand: string): Program {
  const message = `${name} is not installed; install it with: ${installCommand}`;
  if (process.env['FIELDLINE_REQUIRE_SERVICES'] === '1') throw new Error(message);
  noteSkip({ program: name, install: installCommand, testFile: expect.getState().testPath ?? '' });
  return {
    name,
    missing: true,
    get path(): string {
      throw new Error(message);
    },
  };
}

function findExecutable(path: string): string | undefined {
  const candidates = isAbsolute(path)
    ? [path]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, path));
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function noteSkip(note: SkipNote): void {
  const file = process.env['FIELDLINE_SKIPS_FILE'];
  if (file) appendFileSync(file, `${JSON.stringify(note)}\n`);
}
