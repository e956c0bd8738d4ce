import type { FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FileAccess } from './file-access.ts';
import { quarantineBytesMax, scanChunkBytesMax } from './limits.ts';
import type { Segment } from './segment.ts';

/** Folder of a journal directory that holds what recovery cut off. */
export const quarantineFolder = 'quarantine';

/**
 * Copies a segment from `from` to its end into the quarantine folder, for a person to look at. Best effort:
 * where the folder is full or the disk refuses, the bytes are cut off all the same, since a journal that
 * does not start helps nobody.
 */
export async function keepInQuarantine(
  files: FileAccess,
  directory: string,
  about: { segment: Segment; handle: FileHandle; from: number },
): Promise<void> {
  const { segment, handle, from } = about;
  try {
    const folder = join(directory, quarantineFolder);
    await files.mkdir(folder, { recursive: true });
    const sizeBytes = segment.sizeBytes - from;
    if ((await folderBytes(files, folder)) + sizeBytes > quarantineBytesMax) return;
    const copy = await files.open(join(folder, `${basename(segment.path)}-${from}-${Date.now()}`), 'w');
    try {
      const chunk = Buffer.allocUnsafeSlow(Math.min(scanChunkBytesMax, sizeBytes));
      for (let at = from; at < segment.sizeBytes;) {
        const { bytesRead } = await handle.read(chunk, 0, Math.min(chunk.length, segment.sizeBytes - at), at);
        if (bytesRead === 0) break;
        await copy.write(chunk, 0, bytesRead);
        at += bytesRead;
      }
      await copy.datasync();
    } finally {
      await copy.close();
    }
  } catch {
    return;
  }
}

async function folderBytes(files: FileAccess, folder: string): Promise<number> {
  let total = 0;
  for (const name of await files.readdir(folder)) total += (await files.stat(join(folder, name))).size;
  return total;
}
