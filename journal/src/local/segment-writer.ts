import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { AppendGroup } from './append-group.ts';
import type { Catalog } from './catalog.ts';
import { errorCodeOf } from './error-code.ts';
import type { FileAccess } from './file-access.ts';
import { createSegment } from './recovery.ts';

/**
 * On Linux a write returns when its data are durable (open(2), O_DSYNC): one call in place of a write and an fdatasync, each of
 * which has to wait for a thread and for its turn. Elsewhere that flag means less, or does not exist.
 */
const writesAreDurable = process.platform === 'linux';
const flags = writesAreDurable ? constants.O_RDWR | constants.O_DSYNC : 'r+';

/** A write that finds no room has kept nothing; after any other error nobody knows what the disk holds. */
const fullCodes: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Writes groups to the end of the log, one at a time. After a failed write the file is cut back to what was
 * durable; where its sync may have failed a new segment is begun as well, since the kernel then marks pages
 * clean that never reached the disk.
 */
export class SegmentWriter {
  nextOffset: number;
  syncs = 0;
  bytesWritten = 0;

  readonly #files: FileAccess;
  readonly #directory: string;
  readonly #catalog: Catalog;
  #handle: FileHandle;
  #mustCut = false;
  #mustRoll = false;

  private constructor(
    files: FileAccess,
    about: { directory: string; catalog: Catalog; nextOffset: number; handle: FileHandle },
  ) {
    this.#files = files;
    this.#directory = about.directory;
    this.#catalog = about.catalog;
    this.nextOffset = about.nextOffset;
    this.#handle = about.handle;
  }

  /** Opens the active segment; what it holds is made durable first, since readers will see it. */
  static async open(
    files: FileAccess,
    about: { directory: string; catalog: Catalog; nextOffset: number },
  ): Promise<SegmentWriter> {
    const handle = await about.catalog.active.hold(flags);
    try {
      await handle.datasync();
    } catch (cause) {
      await about.catalog.active.release();
      throw cause;
    }
    return new SegmentWriter(files, { ...about, handle });
  }

  /** Makes a group durable; answers its first offset. Throws the system's error, having kept nothing of it. */
  async commit(group: AppendGroup, shouldRoll: boolean): Promise<number> {
    await this.#repair();
    if (shouldRoll) await this.#roll();
    const segment = this.#catalog.active;
    const firstOffset = this.nextOffset;
    group.seal(segment.mark, firstOffset - segment.firstOffset);
    try {
      await this.#write(group.bytes, segment.sizeBytes);
    } catch (cause) {
      this.#mustCut = true;
      this.#mustRoll ||= !fullCodes.has(errorCodeOf(cause));
      await this.#repair().catch(() => undefined);
      throw cause;
    }
    segment.index.note(firstOffset - segment.firstOffset, segment.sizeBytes);
    this.#catalog.grow(group.sizeBytes);
    this.nextOffset += group.count;
    return firstOffset;
  }

  async close(): Promise<void> {
    await this.#repair().catch(() => undefined);
    await this.#catalog.active.release();
  }

  async #write(bytes: Buffer, at: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, at + done);
      done += bytesWritten;
      this.bytesWritten += bytesWritten;
    }
    if (!writesAreDurable) await this.#handle.datasync();
    this.syncs += 1;
  }

  async #repair(): Promise<void> {
    if (this.#mustCut) {
      await this.#handle.truncate(this.#catalog.active.sizeBytes);
      await this.#handle.datasync();
      this.#mustCut = false;
    }
    if (this.#mustRoll) {
      await this.#roll();
      this.#mustRoll = false;
    }
  }

  async #roll(): Promise<void> {
    const previous = this.#catalog.active;
    const next = await createSegment(this.#files, this.#directory, this.nextOffset);
    const handle = await next.hold(flags);
    this.#handle = handle;
    if (previous.sizeBytes > 0) this.#catalog.add(next);
    else {
      this.#catalog.replaceActive(next);
      // Where it cannot be deleted it stays behind, empty, and holds nothing.
      await this.#files.unlink(previous.path).catch(() => undefined);
    }
    await previous.release();
  }
}
