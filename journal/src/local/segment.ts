import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileAccess } from './file-access.ts';
import { damagedRangesPerSegmentMax } from './limits.ts';
import type { DamagedRange } from './segment-scanner.ts';
import { SparseIndex } from './sparse-index.ts';

const namePattern = /^(\d{20})-([0-9a-f]{8})\.seg(\d+)$/;
const formatVersion = 1;

/** What the name of a segment file says, or undefined for any other file. */
export function parseSegmentName(
  name: string,
): { firstOffset: number; mark: number; version: number } | undefined {
  const match = namePattern.exec(name);
  if (!match) return undefined;
  const [, offset, mark, version] = match;
  const firstOffset = Number(offset);
  if (!Number.isSafeInteger(firstOffset)) return undefined;
  return { firstOffset, mark: Number.parseInt(mark ?? '', 16), version: Number(version) };
}

/** Whether this program reads segments of that format. */
export function isKnownVersion(version: number): boolean {
  return version === formatVersion;
}

/** `00000000000000000042-5f3a9c01.seg1`: first offset, mark, version of the format. */
export function segmentName(firstOffset: number, mark: number): string {
  return `${String(firstOffset).padStart(20, '0')}-${mark.toString(16).padStart(8, '0')}.seg${formatVersion}`;
}

/** One file of the log: what is known of it, and its open handle while somebody uses it. */
export class Segment {
  readonly firstOffset: number;
  readonly mark: number;
  readonly path: string;
  /** Bytes that are durable; the file may be longer while a group is being written. */
  sizeBytes: number;
  /** Time of the first record, microseconds UTC, once known. */
  firstAppendedAtUs: number | undefined;
  removed = false;
  readonly index = new SparseIndex();

  readonly #files: FileAccess;
  readonly #damage = new Map<number, number>();
  #handle: Promise<FileHandle> | undefined;
  #users = 0;

  constructor(
    files: FileAccess,
    about: { directory: string; firstOffset: number; mark: number; sizeBytes: number },
  ) {
    this.#files = files;
    this.firstOffset = about.firstOffset;
    this.mark = about.mark;
    this.sizeBytes = about.sizeBytes;
    this.path = join(about.directory, segmentName(about.firstOffset, about.mark));
  }

  /** Opens the file for as long as `use` runs, or shares the handle that is open already. */
  async withHandle<Value>(use: (handle: FileHandle) => Promise<Value>): Promise<Value> {
    const handle = await this.hold();
    try {
      return await use(handle);
    } finally {
      await this.release();
    }
  }

  /** Opens the file until `release`; `flags` matter only for the first holder. */
  async hold(flags: string | number = 'r'): Promise<FileHandle> {
    this.#users += 1;
    this.#handle ??= this.#files.open(this.path, flags);
    try {
      return await this.#handle;
    } catch (cause) {
      this.#users -= 1;
      if (this.#users === 0) this.#handle = undefined;
      throw cause;
    }
  }

  /** Ends one `hold`; the last one closes the file. */
  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    const handle = this.#handle;
    this.#handle = undefined;
    await (await handle)?.close();
  }

  /** Remembers damaged places, each once; answers how many bytes of them were new, and in how many places. */
  noteDamage(ranges: readonly DamagedRange[]): { bytes: number; ranges: number } {
    const fresh = { bytes: 0, ranges: 0 };
    for (const { start, end } of ranges) {
      if (this.#damage.has(start) || this.#damage.size >= damagedRangesPerSegmentMax) continue;
      this.#damage.set(start, end);
      fresh.bytes += end - start;
      fresh.ranges += 1;
    }
    return fresh;
  }
}
