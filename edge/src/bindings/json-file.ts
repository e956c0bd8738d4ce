import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** What a file of JSON holds; undefined where there is none, or it cannot be read. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Replaces the file `name` of a folder, for the agent's user alone. Write, fsync, rename, fsync of the folder: after a
 * power cut there is the old file or the new one. Rejects with the error of the file system.
 */
export async function replaceJson(directory: string, name: string, content: unknown): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, name);
  await writeDurably(`${path}.new`, JSON.stringify(content));
  await rename(`${path}.new`, path);
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
