import {
  OneReadingBatch,
  type Batch,
  type Outline,
  type ReadingsField,
  type SensorBlock,
  type StreamLedger,
  type WindowsField,
} from '@fieldline/protocol';
import { ContentHash, type HashMark } from './content-hash.ts';

const hash = new ContentHash();
/** How far the hash is behind the names that batches of one reading have in common. */
const marks = new WeakMap<Outline, HashMark>();

/** A safe integer, never 0. */
export type BatchDigest = number;

/**
 * Digest of what a batch says: of its decoded content, so that the same batch is the same whether it came as
 * CBOR or JSON, packed, gzipped, now or again. `sentAt` and `lane` are left out: they belong to the sending.
 * It tells a device with another's name (a restored or cloned card) from one that sends again; it is no
 * defence against a device that wants two contents of one digest: that device owns the name.
 */
export function digestOf(batch: Batch): BatchDigest {
  if (batch instanceof OneReadingBatch) return digestOfOne(batch);
  hash.begin();
  hashNames(batch);
  hashNumbers(batch);
  return hash.end();
}

/** Names first, so that for batches which have them in common they are hashed once. */
function digestOfOne(batch: OneReadingBatch): BatchDigest {
  hash.resume(markOf(batch));
  hashTotals(batch);
  hashOne(batch.timeUs);
  hashOne(batch.value);
  hashColumn(undefined);
  return hash.end();
}

function markOf(batch: OneReadingBatch): HashMark {
  const known = marks.get(batch.outline);
  if (known) return known;
  hash.begin();
  hashNames(batch);
  const mark = hash.mark();
  marks.set(batch.outline, mark);
  return mark;
}

/** As `doubles` of a column of one. */
function hashOne(value: number): void {
  hash.word(1);
  hash.number(value);
}

function hashNames({ bootId, clock, configVersion, dropped, ledger, anchor, sensors }: Batch): void {
  hash.text(bootId);
  hash.text(clock);
  hash.number(configVersion);
  hash.text(dropped ? JSON.stringify(dropped) : '');
  hash.text(anchor ? JSON.stringify([anchor.bootId, anchor.monotonicUs, anchor.wallUs]) : '');
  for (const stream of sortedKeys(ledger)) hash.text(stream);
  hash.word(sensors.length);
  for (const block of sensors) {
    hash.text(block.sensor);
    hash.text(block.type);
    hash.text(block.kind);
    if (block.kind === 'gaps') continue;
    hash.word(block.extra === true ? 1 : 0);
    if (block.kind === 'windows') hash.text(block.window);
    const quantities = sortedKeys(block.fields);
    hash.word(quantities.length);
    for (const quantity of quantities) {
      hash.text(quantity);
      hash.text(block.fields[quantity]!.unit);
    }
  }
}

function hashNumbers({ ledger, sensors }: Batch): void {
  for (const stream of sortedKeys(ledger)) hashTotals(ledger[stream]!);
  for (const block of sensors) hashBlock(block);
}

function hashTotals(totals: StreamLedger): void {
  hash.number(totals.taken);
  hash.number(totals.filtered);
  hash.number(totals.refused);
  hash.number(totals.lost);
  hash.number(totals.open);
  hash.number(totals.batched);
}

function hashBlock(block: SensorBlock): void {
  if (block.kind === 'gaps') {
    hash.doubles(block.from);
    hash.doubles(block.to);
    for (const reason of block.reason) hash.text(reason);
    return;
  }
  if (block.kind === 'windows') {
    hash.doubles(block.start);
    hash.doubles(block.end);
    hashColumn(block.partial);
  } else {
    hash.doubles(block.t);
  }
  for (const quantity of sortedKeys(block.fields)) {
    if (block.kind === 'readings') hashReadings(block.fields[quantity]!);
    else hashWindows(block.fields[quantity]!);
  }
}

function hashReadings({ v, q }: ReadingsField): void {
  hash.doubles(v);
  hashColumn(q);
}

/** Columns in the order of their names: an encoder may write them in any order. */
function hashWindows(field: WindowsField): void {
  const columns = new Map<string, unknown>(Object.entries(field));
  for (const name of sortedKeys(field)) {
    hash.text(name);
    const column = columns.get(name);
    if (Array.isArray(column)) column.forEach(hashColumn);
    else hashColumn(column);
  }
}

function hashColumn(column: unknown): void {
  if (column instanceof Float64Array) hash.doubles(column);
  else if (column instanceof Uint8Array) hash.bytes(column);
  else hash.text(typeof column === 'string' ? column : '');
}

function sortedKeys(record: object): string[] {
  const keys = Object.keys(record);
  return keys.length > 1 ? keys.sort() : keys;
}
