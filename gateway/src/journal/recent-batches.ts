import type { Batch } from '@fieldline/protocol';
import type { JournaledBatch } from './batch-log.ts';

/** Memory for decoded batches, kept so that each of several sinks need not read and decode again. */
const recentBytesMax = 32 * 1024 * 1024;
/** Most batches kept; also how far the arrays grow before what was let go is cut off. */
const recentCountMax = 65_536;

/** Names, units, totals take a few times the room that they have in the payload; eight is the upper end. */
const unpackedRatio = 8;

/** One durable record as it was appended: `batch` as it was decoded, and what that takes of memory. */
interface Recent {
  readonly entry: JournaledBatch;
  readonly sizeBytes: number;
  readonly payloadBytes: number;
}

/** How much one read may give, as of the journal. */
interface ReadLimit {
  readonly maxBytes: number;
  readonly maxRecords?: number;
}

/** The newest durable batches in the order of the journal, without a hole: sinks that keep up read these. */
export class RecentBatches {
  #recent: Recent[] = [];
  /** Place of the oldest one kept, and its offset. */
  #head = 0;
  #headOffset = 0;
  #bytes = 0;

  /** Keeps a durable record. Offsets rise; where one was left out, what came before it is let go. */
  add(entry: JournaledBatch, batch: Batch, payloadBytes: number): void {
    if (entry.offset !== this.#headOffset + this.#count) this.#restart(entry.offset);
    const sizeBytes = payloadBytes * unpackedRatio + columnBytesOf(batch) + 512;
    this.#recent.push({ entry, sizeBytes, payloadBytes });
    this.#bytes += sizeBytes;
    while (this.#bytes > recentBytesMax || this.#count > recentCountMax) this.#letGo();
  }

  /** What a read from `offset` gives; undefined where `offset` is not kept. */
  read(offset: number, { maxBytes, maxRecords = Infinity }: ReadLimit): JournaledBatch[] | undefined {
    const from = offset - this.#headOffset;
    if (from < 0 || from >= this.#count) return undefined;
    const entries: JournaledBatch[] = [];
    let bytes = 0;
    for (let at = this.#head + from; at < this.#recent.length && entries.length < maxRecords; at++) {
      const { entry, payloadBytes } = this.#recent[at]!;
      bytes += payloadBytes;
      if (bytes > maxBytes && entries.length > 0) break;
      entries.push(entry);
    }
    return entries;
  }

  /** The record at `offset`; undefined where it is not kept. */
  get(offset: number): JournaledBatch | undefined {
    const at = offset - this.#headOffset;
    return at < 0 || at >= this.#count ? undefined : this.#recent[this.#head + at]?.entry;
  }

  get #count(): number {
    return this.#recent.length - this.#head;
  }

  #restart(offset: number): void {
    this.#recent = [];
    this.#head = 0;
    this.#headOffset = offset;
    this.#bytes = 0;
  }

  #letGo(): void {
    this.#bytes -= this.#recent[this.#head]?.sizeBytes ?? 0;
    this.#head += 1;
    this.#headOffset += 1;
    if (this.#head < recentCountMax && this.#head * 2 < this.#recent.length) return;
    this.#recent = this.#recent.slice(this.#head);
    this.#head = 0;
  }
}

/** Packed columns may take a thousand times the room of their payload. */
function columnBytesOf({ sensors }: Batch): number {
  let sizeBytes = 0;
  for (const block of sensors) {
    if (block.kind === 'gaps') sizeBytes += block.from.byteLength + block.to.byteLength;
    else if (block.kind === 'readings') sizeBytes += block.t.byteLength;
    else sizeBytes += block.start.byteLength + block.end.byteLength + (block.partial?.byteLength ?? 0);
    if (block.kind === 'gaps') continue;
    for (const quantity in block.fields) sizeBytes += fieldBytesOf(block.fields[quantity]!);
  }
  return sizeBytes;
}

function fieldBytesOf(field: object): number {
  if ('v' in field && field.v instanceof Float64Array) return 2 * field.v.byteLength;
  let sizeBytes = 0;
  for (const column of Object.values<unknown>({ ...field })) {
    if (ArrayBuffer.isView(column)) sizeBytes += column.byteLength;
  }
  return sizeBytes;
}
