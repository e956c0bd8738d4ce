import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/*
 * Files for whoever starts before anything else runs, and cannot wait: the launcher. Everything else is written by
 * `DiskSteps`, which holds up no sampling.
 */

/** A file; undefined where it cannot be read. */
export function readNow(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/**
 * Replaces a file durably, by way of `temporaryPath` in the same folder: after a power cut there is the one before or
 * this one. Throws what the disk throws.
 */
export function replaceNow(path: string, temporaryPath: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(temporaryPath, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporaryPath, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
