import { dirname } from 'node:path';
import { errorCodeOf } from './error-code.ts';
import type { FileAccess } from './file-access.ts';

/**
 * Makes a directory and those above it that are missing. Node's own `recursive` tries for ever where the
 * kernel answers ENOENT although the parent is there (below /proc), and tells of a read-only file system as
 * ENOENT. Rejects with the error of the operating system.
 */
export async function makeDirectory(files: FileAccess, directory: string): Promise<void> {
  try {
    await files.mkdir(directory);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'EEXIST' && (await isDirectory(files, directory))) return;
    const parent = dirname(directory);
    if (code !== 'ENOENT' || (await isDirectory(files, parent))) throw error;
    await makeDirectory(files, parent);
    await files.mkdir(directory);
  }
}

async function isDirectory(files: FileAccess, path: string): Promise<boolean> {
  try {
    return (await files.stat(path)).isDirectory();
  } catch {
    return false;
  }
}
