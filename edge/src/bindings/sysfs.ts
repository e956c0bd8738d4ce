import { open, readdir } from 'node:fs/promises';
import { FieldlineError } from '@fieldline/protocol';

/** The kernel gives at most a page, in bytes. */
export const sysfsMaxBytes = 4096;

/**
 * The text of a file in sysfs, without the line end. Throws FieldlineError `SOURCE_FILE_UNREADABLE`. A read that
 * the kernel holds up cannot be ended: whoever reads such files asks one at a time.
 */
export async function readSysfs(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(sysfsMaxBytes);
      const { bytesRead } = await file.read(buffer, 0, sysfsMaxBytes, 0);
      return buffer.toString('utf8', 0, bytesRead).trimEnd();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const detail = cause instanceof Error ? `${cause.message}.` : '';
    throw new FieldlineError('SOURCE_FILE_UNREADABLE', { subject: path, detail, cause });
  }
}

/** The names in a folder of sysfs, sorted with numbers by their value; none where there is no such folder. */
export async function listSysfs(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}
