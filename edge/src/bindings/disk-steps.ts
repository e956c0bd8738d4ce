import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/**
 * The steps by which an update changes the disk, each of which a power cut may come behind. Passed in, so that a
 * test can let one come behind every one of them.
 */
export interface DiskSteps {
  /** With all above it, readable by the agent's user alone. */
  makeFolder(path: string): Promise<void>;
  /** Writes a whole file; not durable before `sync`. */
  write(path: string, content: Uint8Array): Promise<void>;
  /** Appends; not durable before `sync`. */
  append(path: string, content: Uint8Array): Promise<void>;
  /** Makes a file, or the names in a folder, durable. */
  sync(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a folder with all in it; one that is not there is no error. */
  remove(path: string): Promise<void>;
  /** Names in a folder; none where there is no folder. */
  list(path: string): Promise<string[]>;
  /** The content of a file, part by part; fails as the file system does. */
  read(path: string): Readable;
  /** 0 where there is no file. */
  sizeBytes(path: string): Promise<number>;
  /** What the user of the agent may still write there, in bytes. */
  freeBytes(path: string): Promise<number>;
}

/** The disk. */
export const systemDisk: DiskSteps = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  write: (path, content) => writeFile(path, content, { mode: 0o600 }),
  append: (path, content) => writeFile(path, content, { flag: 'a', mode: 0o600 }),
  async sync(path) {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  },
  rename: (from, to) => rename(from, to),
  read: (path) => createReadStream(path),
  remove: (path) => rm(path, { recursive: true, force: true }),
  list: (path) => readdir(path).catch(() => []),
  sizeBytes: (path) =>
    stat(path).then(
      ({ size }) => size,
      () => 0,
    ),
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};
