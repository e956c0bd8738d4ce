import type { FileHandle } from 'node:fs/promises';
import { errorCodeOf } from './error-code.ts';
import { scanChunkBytesMax, scanChunkBytesMin } from './limits.ts';
import { headerBytes, isIntact, markBytes, readHeader, type RecordHeader } from './record.ts';

/** `record`: the fields of the scanner hold one; `more`: call `load`; `end`: nothing intact follows. */
export type ScanStep = 'record' | 'more' | 'end';

/** A place that holds no intact record: file positions, `end` exclusive. */
export interface DamagedRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Walks the intact records of a part of a segment, in chunks, and passes over what is damaged: after a bad
 * record it looks for the segment's mark, which is random, so that no payload can hold something that looks
 * like a record of its own segment.
 */
export class SegmentScanner {
  /** File position of the record found. */
  recordAt = 0;
  /** File position behind it. */
  position: number;
  /** Of the record found; its offset is -1 before the first one. */
  header: RecordHeader = { bodyBytes: 0, keyBytes: 0, relativeOffset: -1, appendedAtUs: 0 };
  /** Damaged places found so far; the last one may still grow until the next record or the end. */
  readonly damage: DamagedRange[] = [];
  /** Marks seen inside damaged places: so many records at least began there. */
  damagedMarks = 0;
  /** Where damage runs up to the end of the segment, its first byte. */
  tailDamageAt: number | undefined;
  bytesRead = 0;

  readonly #mark: number;
  readonly #markBytes: Buffer;
  #to: number;
  #nextRelative: number;
  #chunk: Buffer;
  #chunkAt: number;
  #chunkEnd: number;
  #needBytes = headerBytes;
  #damageAt = -1;

  constructor(about: { mark: number; from: number; to: number; minRelative: number; chunkBytes?: number }) {
    this.#mark = about.mark;
    this.#markBytes = markBytes(about.mark);
    this.position = about.from;
    this.#to = about.to;
    this.#nextRelative = about.minRelative;
    this.#chunkAt = about.from;
    this.#chunkEnd = about.from;
    const wanted = Math.max(
      scanChunkBytesMin,
      Math.min(scanChunkBytesMax, about.chunkBytes ?? scanChunkBytesMax),
    );
    this.#chunk = Buffer.allocUnsafeSlow(Math.min(wanted, Math.max(headerBytes, about.to - about.from)));
  }

  /** Reads on from the present position; false where the file holds no more bytes. */
  async load(file: Pick<FileHandle, 'read'>): Promise<boolean> {
    const kept = this.#chunk.subarray(this.position - this.#chunkAt, this.#chunkEnd - this.#chunkAt);
    const target =
      this.#needBytes > this.#chunk.length ? Buffer.allocUnsafeSlow(this.#needBytes) : this.#chunk;
    target.set(kept);
    const at = this.position + kept.length;
    const length = Math.min(target.length - kept.length, this.#to - at);
    const bytesRead = await readOrSkip(file, target.subarray(kept.length, kept.length + length), at);
    this.#chunk = target;
    this.#chunkAt = this.position;
    this.#chunkEnd = at + bytesRead;
    this.bytesRead += bytesRead;
    if (bytesRead === 0) this.#to = at;
    return bytesRead > 0;
  }

  /** Goes to the next intact record. After `more`, `load` and call again, whatever `load` answered. */
  next(): ScanStep {
    for (;;) {
      const remaining = this.#to - this.position;
      if (remaining < headerBytes) return this.#finish(remaining);
      const loaded = this.#chunkEnd - this.position;
      if (loaded < headerBytes) return this.#need(headerBytes);
      const at = this.position - this.#chunkAt;
      const header = readHeader(this.#chunk, at, this.#mark);
      if (
        header &&
        header.relativeOffset >= this.#nextRelative &&
        headerBytes + header.bodyBytes <= remaining
      ) {
        const total = headerBytes + header.bodyBytes;
        if (loaded < total) return this.#need(total);
        if (isIntact(this.#chunk, at, header.bodyBytes)) return this.#accept(header, total);
      }
      this.#resynchronise(at);
    }
  }

  /** The key of the record found. */
  key(): string {
    const at = this.recordAt - this.#chunkAt + headerBytes;
    return this.#chunk.toString('utf8', at, at + this.header.keyBytes);
  }

  /** A copy of the value of the record found. */
  value(): Uint8Array {
    const at = this.recordAt - this.#chunkAt + headerBytes;
    return Uint8Array.prototype.slice.call(
      this.#chunk,
      at + this.header.keyBytes,
      at + this.header.bodyBytes,
    );
  }

  #need(bytes: number): 'more' {
    this.#needBytes = bytes;
    return 'more';
  }

  #accept(header: RecordHeader, total: number): 'record' {
    if (this.#damageAt >= 0) {
      this.damage.push({ start: this.#damageAt, end: this.position });
      this.#damageAt = -1;
    }
    this.header = header;
    this.recordAt = this.position;
    this.position += total;
    this.#nextRelative = header.relativeOffset + 1;
    return 'record';
  }

  #resynchronise(at: number): void {
    if (this.#damageAt < 0) this.#damageAt = this.position;
    if (this.#chunk.readUInt32LE(at) === this.#mark) this.damagedMarks += 1;
    const end = this.#chunkEnd - this.#chunkAt;
    const found = this.#chunk.subarray(0, end).indexOf(this.#markBytes, at + 1);
    this.position = this.#chunkAt + (found >= 0 ? found : Math.max(at + 1, end - 3));
  }

  #finish(remaining: number): 'end' {
    if (remaining > 0 && this.#damageAt < 0) this.#damageAt = this.position;
    if (this.#damageAt >= 0) {
      this.tailDamageAt = this.#damageAt;
      this.damage.push({ start: this.#damageAt, end: this.#to });
      this.#damageAt = -1;
    }
    this.position = this.#to;
    return 'end';
  }
}

/** A disk gives up blocks of this size, bytes. */
const diskBlockBytes = 4096;

/** Reads into `target`; blocks that the disk cannot read any more count as zeroes, which no record is. */
async function readOrSkip(file: Pick<FileHandle, 'read'>, target: Buffer, position: number): Promise<number> {
  for (const length of [
    target.length,
    Math.min(target.length, diskBlockBytes - (position % diskBlockBytes)),
  ]) {
    try {
      return (await file.read(target, 0, length, position)).bytesRead;
    } catch (cause) {
      if (errorCodeOf(cause) !== 'EIO') throw cause;
      if (length <= diskBlockBytes) {
        target.fill(0, 0, length);
        return length;
      }
    }
  }
  return 0;
}
