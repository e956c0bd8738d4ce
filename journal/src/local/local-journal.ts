import { FieldlineError, type ErrorCode } from '@fieldline/protocol';
import type {
  AppendReceiver,
  Journal,
  JournalRecord,
  JournalRecovery,
  JournalStats,
  ReadLimit,
} from '../journal.ts';
import { AppendGroup } from './append-group.ts';
import type { Catalog } from './catalog.ts';
import type { CursorFile } from './cursor-file.ts';
import type { DirectoryLock } from './directory-lock.ts';
import { describeCause, errorCodeOf } from './error-code.ts';
import { headerBytes } from './record.ts';
import { keyBytesMax, pendingBytesMax, recordBodyBytesMax } from './limits.ts';
import { OffsetWaiters } from './offset-waiters.ts';
import type { RetentionRunner } from './retention.ts';
import { ReadResult, readSegment } from './segment-reading.ts';
import type { SegmentWriter } from './segment-writer.ts';

/** What `openJournal` puts together. */
export interface LocalJournalParts {
  readonly directory: string;
  readonly segmentBytes: number;
  /** Longest time that one segment is written to, microseconds. */
  readonly segmentAgeUs: number;
  readonly now: () => number;
  readonly catalog: Catalog;
  readonly cursors: CursorFile;
  readonly writer: SegmentWriter;
  readonly retention: RetentionRunner;
  readonly lock: DirectoryLock;
  readonly recovery: JournalRecovery;
  /** No record stands at this offset or above. */
  readonly vacantFrom: number;
}

/** The journal as files in a directory of this machine. */
export class LocalJournal implements Journal {
  readonly recovery: JournalRecovery;
  readonly #parts: LocalJournalParts;
  readonly #waiters = new OffsetWaiters();
  #filling = new AppendGroup();
  #spare = new AppendGroup();
  #committing: Promise<void> | undefined;
  #isClosed = false;
  #appends = 0;
  /** No record stands at this offset or above; less than the next offset where recovery left some out. */
  #vacantFrom: number;

  constructor(parts: LocalJournalParts) {
    this.#parts = parts;
    this.recovery = parts.recovery;
    this.#vacantFrom = parts.vacantFrom;
  }

  get firstOffset(): number {
    return this.#parts.catalog.oldest.firstOffset;
  }

  get nextOffset(): number {
    return this.#parts.writer.nextOffset;
  }

  append(key: string, value: Uint8Array): Promise<number> {
    return new Promise((appended, failed) => this.appendFor({ appended, failed }, key, value));
  }

  appendFor(receiver: AppendReceiver, key: string, value: Uint8Array): void {
    const keyBytes = Buffer.byteLength(key);
    const refusal = this.#refusalOf(keyBytes, value.length);
    if (refusal) {
      receiver.failed(refusal);
      return;
    }
    const appendedAtUs = Math.max(0, Math.round(this.#parts.now()));
    this.#filling.add({ key, keyBytes, value, appendedAtUs }, receiver);
    this.#committing ??= this.#commitAll();
  }

  async read(offset: number, limit: ReadLimit): Promise<JournalRecord[]> {
    if (this.#isClosed) throw this.#error('JOURNAL_CLOSED');
    const result = new ReadResult(limit);
    const { nextOffset } = this;
    let from = Math.max(offset, this.firstOffset);
    while (from < this.nextOffset && !result.isFull) {
      const { segment, endOffset } = this.#parts.catalog.find(from);
      const about = { offset: from, endOffset, maxBytes: limit.maxBytes, result };
      try {
        if (!(await readSegment(this.#parts.catalog, segment, about))) break;
        from = endOffset;
      } catch (cause) {
        if (errorCodeOf(cause) !== 'ENOENT') throw this.#error('JOURNAL_READ_FAILED', cause);
        // Retention took the segment away before it was opened, or somebody else did.
        if (!segment.removed) this.#parts.catalog.noteDamage(segment, [{ start: 0, end: segment.sizeBytes }]);
        from = Math.max(endOffset, this.firstOffset);
      }
    }
    if (result.records.length === 0 && nextOffset === this.nextOffset) this.#noteVacant(offset);
    return result.records;
  }

  waitFor(offset: number, signal?: AbortSignal): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    if (offset < this.#vacantFrom) return Promise.resolve(true);
    return this.#waiters.wait(offset, signal);
  }

  async setCursor(name: string, offset: number): Promise<void> {
    if (this.#isClosed) throw this.#error('JOURNAL_CLOSED');
    await this.#parts.cursors.set(name, offset, this.nextOffset);
  }

  async removeCursor(name: string): Promise<void> {
    await this.#parts.cursors.remove(name, this.nextOffset);
  }

  cursor(name: string): number | undefined {
    return this.#parts.cursors.get(name);
  }

  async trim(offset: number): Promise<void> {
    if (this.#isClosed) throw this.#error('JOURNAL_CLOSED');
    try {
      await this.#parts.retention.trim(offset);
    } catch (cause) {
      throw this.#error('JOURNAL_WRITE_FAILED', cause);
    }
  }

  stats(): JournalStats {
    const { catalog, writer, cursors, retention } = this.#parts;
    return {
      sizeBytes: catalog.sizeBytes,
      segments: catalog.count,
      appends: this.#appends,
      syncs: writer.syncs,
      bytesWritten: writer.bytesWritten + cursors.bytesWritten,
      quarantinedBytes: catalog.quarantinedBytes,
      quarantinedRanges: catalog.quarantinedRanges,
      recordsDroppedUnread: retention.recordsDroppedUnread,
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#committing;
    this.#waiters.end();
    await this.#parts.writer.close();
    await this.#parts.cursors.close();
    await this.#parts.lock.release();
  }

  /** Remembers that nothing is left to read from there, so that nobody waits for it in a busy loop. */
  #noteVacant(offset: number): void {
    this.#vacantFrom = Math.min(this.#vacantFrom, Math.max(0, offset));
  }

  #refusalOf(keyBytes: number, valueBytes: number): FieldlineError | undefined {
    if (this.#isClosed) return this.#error('JOURNAL_CLOSED');
    const bodyBytes = keyBytes + valueBytes;
    if (keyBytes > keyBytesMax || bodyBytes > recordBodyBytesMax) {
      return this.#error(
        'JOURNAL_RECORD_TOO_LARGE',
        undefined,
        `${keyBytes} bytes of key, ${valueBytes} of value.`,
      );
    }
    const pendingBytes = this.#filling.sizeBytes + bodyBytes + headerBytes;
    return pendingBytes > pendingBytesMax ? this.#error('JOURNAL_OVERLOADED') : undefined;
  }

  /** Commits group after group, until none is waiting. */
  async #commitAll(): Promise<void> {
    // What arrives in the same turn of the event loop, from any socket, shares the first sync.
    await new Promise(setImmediate);
    while (this.#filling.count > 0) {
      const group = this.#filling;
      this.#filling = this.#spare;
      this.#spare = group;
      await this.#commit(group);
    }
    this.#committing = undefined;
  }

  async #commit(group: AppendGroup): Promise<void> {
    const { writer, cursors, retention, now } = this.#parts;
    try {
      const count = group.count;
      const incomingBytes = group.sizeBytes;
      await retention.enforce({ incomingBytes, nowUs: now(), lowestCursor: cursors.lowest() });
      const firstOffset = await writer.commit(group, this.#shouldRoll());
      this.#parts.catalog.active.firstAppendedAtUs ??= now();
      this.#appends += count;
      this.#vacantFrom = writer.nextOffset;
      group.resolve(firstOffset);
      this.#waiters.release(writer.nextOffset);
    } catch (cause) {
      group.reject(this.#error('JOURNAL_WRITE_FAILED', cause));
    }
  }

  #shouldRoll(): boolean {
    const { catalog, segmentBytes, segmentAgeUs, now } = this.#parts;
    const { sizeBytes, firstAppendedAtUs } = catalog.active;
    if (sizeBytes === 0) return false;
    return sizeBytes >= segmentBytes || now() - (firstAppendedAtUs ?? Infinity) > segmentAgeUs;
  }

  #error(code: ErrorCode, cause?: unknown, detail?: string): FieldlineError {
    const isSystem = errorCodeOf(cause) !== undefined;
    return new FieldlineError(code, {
      subject: this.#parts.directory,
      detail:
        detail ??
        (cause === undefined ? '' : `${isSystem ? 'The system says: ' : ''}${describeCause(cause)}.`),
      cause,
    });
  }
}
