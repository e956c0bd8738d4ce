import type { Catalog } from './catalog.ts';
import { errorCodeOf } from './error-code.ts';
import type { FileAccess } from './file-access.ts';
import { headerBytes } from './record.ts';
import { SegmentScanner } from './segment-scanner.ts';
import type { Segment } from './segment.ts';

/** How much of the log is kept, at most; whole segments go, never the one that is written to. */
export interface Retention {
  /** Holds whatever readers have seen. */
  readonly bytes?: number;
  /** By the host's clock, microseconds. Clocks jump: only what every cursor has passed is ever too old. */
  readonly ageUs?: number;
}

/** Removes old segments, and counts what no reader had seen. */
export class RetentionRunner {
  recordsDroppedUnread = 0;
  readonly #files: FileAccess;
  readonly #catalog: Catalog;
  readonly #retention: Retention;

  constructor(files: FileAccess, catalog: Catalog, retention: Retention) {
    this.#files = files;
    this.#catalog = catalog;
    this.#retention = retention;
  }

  /** Makes room for `incomingBytes`, and drops what is too old. `lowestCursor`: undefined without cursors. */
  async enforce(about: {
    incomingBytes: number;
    nowUs: number;
    lowestCursor: number | undefined;
  }): Promise<void> {
    const { bytes = Infinity, ageUs = Infinity } = this.#retention;
    for (;;) {
      const second = this.#catalog.second;
      if (!second) return;
      const isTooMuch = this.#catalog.sizeBytes + about.incomingBytes > bytes;
      const isUnread = (about.lowestCursor ?? Infinity) < second.firstOffset;
      if (!isTooMuch && (isUnread || !(await this.#isOlder(second, about.nowUs - ageUs)))) return;
      // Somebody may have trimmed the log while its age was looked up.
      if (second !== this.#catalog.second) continue;
      this.#countUnread(this.#catalog.oldest.firstOffset, second.firstOffset, about.lowestCursor);
      // A file that cannot be deleted now comes back at the next opening, and is dropped again then.
      await this.#removeOldest().catch(() => undefined);
    }
  }

  /** Removes the segments that lie wholly below `offset`. */
  async trim(offset: number): Promise<void> {
    for (let second = this.#catalog.second; second; second = this.#catalog.second) {
      if (second.firstOffset > offset) return;
      await this.#removeOldest();
    }
  }

  /** A segment's records are no younger than the first one of the segment after it. */
  async #isOlder(second: Segment, limitUs: number): Promise<boolean> {
    if (limitUs === -Infinity) return false;
    // An unreadable segment is no reason to refuse what is being appended.
    second.firstAppendedAtUs ??= await firstAppendedAtUs(second).catch(() => undefined);
    return second.firstAppendedAtUs !== undefined && second.firstAppendedAtUs < limitUs;
  }

  #countUnread(from: number, to: number, lowestCursor: number | undefined): void {
    this.recordsDroppedUnread += to - Math.min(to, Math.max(from, lowestCursor ?? from));
  }

  async #removeOldest(): Promise<void> {
    const { path } = this.#catalog.removeOldest();
    try {
      await this.#files.unlink(path);
    } catch (cause) {
      if (errorCodeOf(cause) !== 'ENOENT') throw cause;
    }
  }
}

async function firstAppendedAtUs(segment: Segment): Promise<number | undefined> {
  const scanner = new SegmentScanner({
    mark: segment.mark,
    from: 0,
    to: segment.sizeBytes,
    minRelative: 0,
    chunkBytes: headerBytes,
  });
  return segment.withHandle(async (file) => {
    for (let step = scanner.next(); step !== 'end'; step = scanner.next()) {
      if (step === 'record') return scanner.header.appendedAtUs;
      await scanner.load(file);
    }
    return undefined;
  });
}
