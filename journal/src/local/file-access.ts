import * as promises from 'node:fs/promises';

/** The calls to the operating system that the journal makes: tests put failing or power-cut disks here. */
export type FileAccess = Pick<
  typeof promises,
  'open' | 'readdir' | 'mkdir' | 'unlink' | 'symlink' | 'readlink' | 'stat'
>;

/** The real disk. */
export const realFiles: FileAccess = promises;

/** Makes the names in a directory durable: a created or renamed file is not, before this. */
export async function syncDirectory(files: FileAccess, directory: string): Promise<void> {
  const handle = await files.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
