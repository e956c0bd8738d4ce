import { OneReadingBatch, type Batch } from '@fieldline/protocol';
import type { JournaledBatch } from './batch-log.ts';

/** Memory for decoded batches, kept so that each of several sinks need not read and decode again. */
const recentBytesMax = 32 * 1024 * 1024;
/** Most batches kept. */
const recentCountMax = 65_536;

/** How many are let go before the arrays are cut. */
const cutCount = 4096;

/** Names, units, totals take a few times the room that they have in the payload: 3.4 measured for one reading of 297 bytes. */
const unpackedRatio = 4;

/** Beside what the payload says: the entry, and what the objects of the smallest batch take. */
const objectBytes = 512;

/** A batch of one reading, with its entry and its numbers: 330 measured. */
const oneReadingBytes = 384;

/** Columns of blocks with so few times take no more room than their names, which `unpackedRatio` reckons. */
const fewTimes = 4;

/** How much one read may give, as of the journal. */
interface ReadLimit {
  readonly maxBytes: number;
  readonly maxRecords?: number;
}

/** The newest durable batches in the order of the journal, without a hole: sinks that keep up read these. */
export class RecentBatches {
  /** The records, what each takes of memory, and what its payload had, in the same places. */
  #entries: (JournaledBatch | undefined)[] = [];
  #sizesBytes: number[] = [];
  #payloadsBytes: number[] = [];
  /** Place of the oldest one kept, and its offset. */
  #head = 0;
  #headOffset = 0;
  #bytes = 0;

  /** Keeps a durable record. Offsets rise; where one was left out, what came before it is let go. */
  add(entry: JournaledBatch, batch: Batch, payloadBytes: number): void {
    if (entry.offset !== this.#headOffset + this.#count) this.#restart(entry.offset);
    const sizeBytes =
      batch instanceof OneReadingBatch
        ? oneReadingBytes
        : payloadBytes * unpackedRatio + columnBytesOf(batch) + objectBytes;
    this.#entries.push(entry);
    this.#sizesBytes.push(sizeBytes);
    this.#payloadsBytes.push(payloadBytes);
    this.#bytes += sizeBytes;
    while (this.#bytes > recentBytesMax || this.#count > recentCountMax) this.#letGo();
  }

  /** What a read from `offset` gives; undefined where `offset` is not kept. */
  read(offset: number, { maxBytes, maxRecords = Infinity }: ReadLimit): JournaledBatch[] | undefined {
    const from = offset - this.#headOffset;
    if (from < 0 || from >= this.#count) return undefined;
    const entries: JournaledBatch[] = [];
    let bytes = 0;
    for (let at = this.#head + from; at < this.#entries.length && entries.length < maxRecords; at++) {
      bytes += this.#payloadsBytes[at]!;
      if (bytes > maxBytes && entries.length > 0) break;
      entries.push(this.#entries[at]!);
    }
    return entries;
  }

  /** Lets go of what every reader has read. */
  letGoBelow(offset: number): void {
    while (this.#headOffset < offset && this.#count > 0) this.#letGo();
  }

  /** The record at `offset`; undefined where it is not kept. */
  get(offset: number): JournaledBatch | undefined {
    const at = offset - this.#headOffset;
    return at < 0 || at >= this.#count ? undefined : this.#entries[this.#head + at];
  }

  get #count(): number {
    return this.#entries.length - this.#head;
  }

  #restart(offset: number): void {
    this.#entries = [];
    this.#sizesBytes = [];
    this.#payloadsBytes = [];
    this.#head = 0;
    this.#headOffset = offset;
    this.#bytes = 0;
  }

  #letGo(): void {
    this.#bytes -= this.#sizesBytes[this.#head] ?? 0;
    this.#entries[this.#head] = undefined;
    this.#head += 1;
    this.#headOffset += 1;
    if (this.#head < cutCount && this.#head < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#sizesBytes = this.#sizesBytes.slice(this.#head);
    this.#payloadsBytes = this.#payloadsBytes.slice(this.#head);
    this.#head = 0;
  }
}

/** Packed columns may take a thousand times the room of their payload. */
function columnBytesOf({ sensors }: Batch): number {
  let sizeBytes = 0;
  for (const block of sensors) {
    if (block.kind === 'readings' && block.t.length <= fewTimes) continue;
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
