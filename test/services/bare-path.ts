import { accessSync, constants, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A folder, to be used as the whole PATH, that holds Node.js (the machine's own, where it has one) and git. */
export function barePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fieldline-path-'));
  symlinkSync(findOutsideProject('node') ?? process.execPath, join(folder, 'node'));
  const git = findOutsideProject('git');
  if (git !== undefined) symlinkSync(git, join(folder, 'git'));
  return folder;
}

function findOutsideProject(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = folders.filter((folder) => !folder.includes('node_modules'));
  return candidates.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
