import type { JournalRecord, ReadLimit } from '../journal.ts';
import type { Catalog } from './catalog.ts';
import { headerBytes } from './record.ts';
import { SegmentScanner } from './segment-scanner.ts';
import type { Segment } from './segment.ts';

/** What is being collected by one `read`. */
export class ReadResult {
  readonly records: JournalRecord[] = [];
  readonly #limit: ReadLimit;
  #bytes = 0;

  constructor(limit: ReadLimit) {
    this.#limit = limit;
  }

  /** Whether no further record may be added. */
  get isFull(): boolean {
    return (
      this.records.length > 0 &&
      (this.#bytes >= this.#limit.maxBytes || this.records.length >= (this.#limit.maxRecords ?? Infinity))
    );
  }

  /** Whether a value of that size may still be added; the first one always may. */
  admits(valueBytes: number): boolean {
    return this.records.length === 0 || (!this.isFull && this.#bytes + valueBytes <= this.#limit.maxBytes);
  }

  add(record: JournalRecord): void {
    this.records.push(record);
    this.#bytes += record.value.length;
  }
}

/**
 * Adds the records `[offset, endOffset)` of a segment to `result` until it is full. Answers true when the
 * segment has no further ones.
 */
export async function readSegment(
  catalog: Catalog,
  segment: Segment,
  about: { offset: number; endOffset: number; maxBytes: number; result: ReadResult },
): Promise<boolean> {
  catalog.touchIndex(segment);
  const from = segment.index.seek(about.offset - segment.firstOffset);
  const scanner = new SegmentScanner({
    mark: segment.mark,
    from,
    to: segment.sizeBytes,
    minRelative: 0,
    chunkBytes: about.maxBytes + headerBytes * 2,
  });
  const isDone = await segment.withHandle(async (file) => {
    for (;;) {
      const step = scanner.next();
      if (step === 'end') return true;
      if (step === 'more') await scanner.load(file);
      else if (!takeRecord(segment, scanner, about)) return false;
      else if (scanner.header.relativeOffset + segment.firstOffset >= about.endOffset) return true;
    }
  });
  const lastRelative = scanner.header.relativeOffset;
  if (isDone && lastRelative >= 0) segment.index.noteResume(lastRelative + 1, scanner.position);
  catalog.noteDamage(segment, scanner.damage);
  return isDone;
}

/** False when the result has no room for the record. */
function takeRecord(
  segment: Segment,
  scanner: SegmentScanner,
  about: { offset: number; endOffset: number; result: ReadResult },
): boolean {
  const { relativeOffset, bodyBytes, keyBytes, appendedAtUs } = scanner.header;
  segment.index.note(relativeOffset, scanner.recordAt);
  const offset = segment.firstOffset + relativeOffset;
  if (offset < about.offset || offset >= about.endOffset) return true;
  if (!about.result.admits(bodyBytes - keyBytes)) {
    segment.index.noteResume(relativeOffset, scanner.recordAt);
    return false;
  }
  about.result.add({ offset, key: scanner.key(), value: scanner.value(), appendedAtUs });
  return true;
}
