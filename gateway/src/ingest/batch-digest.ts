import type { Batch, ReadingsField, SensorBlock, StreamLedger, WindowsField } from '@fieldline/protocol';
import { ContentHash } from './content-hash.ts';

const hash = new ContentHash();

/** A safe integer, never 0. */
export type BatchDigest = number;

/**
 * Digest of what a batch says: of its decoded content, so that the same batch is the same whether it came as
 * CBOR or JSON, packed, gzipped, now or again. `sentAt` and `lane` are left out: they belong to the sending.
 * It tells a device with another's name (a restored or cloned card) from one that sends again; it is no
 * defence against a device that wants two contents of one digest: that device owns the name.
 */
export function digestOf(batch: Batch): BatchDigest {
  const { bootId, clock, configVersion, dropped, ledger, anchor } = batch;
  hash.begin();
  hash.text(bootId);
  hash.text(clock);
  hash.number(configVersion);
  hash.text(dropped ? JSON.stringify(dropped) : '');
  hash.text(anchor ? JSON.stringify([anchor.bootId, anchor.monotonicUs, anchor.wallUs]) : '');
  for (const stream of sortedKeys(ledger)) hashTotals(stream, ledger[stream]!);
  hash.word(batch.sensors.length);
  for (const block of batch.sensors) hashBlock(block);
  return hash.end();
}

function hashTotals(stream: string, totals: StreamLedger): void {
  hash.text(stream);
  hash.number(totals.taken);
  hash.number(totals.filtered);
  hash.number(totals.refused);
  hash.number(totals.lost);
  hash.number(totals.open);
  hash.number(totals.batched);
}

function hashBlock(block: SensorBlock): void {
  hash.text(block.sensor);
  hash.text(block.type);
  hash.text(block.kind);
  if (block.kind === 'gaps') {
    hash.doubles(block.from);
    hash.doubles(block.to);
    for (const reason of block.reason) hash.text(reason);
    return;
  }
  hash.word(block.extra === true ? 1 : 0);
  if (block.kind === 'windows') {
    hash.text(block.window);
    hash.doubles(block.start);
    hash.doubles(block.end);
    hashColumn(block.partial);
  } else {
    hash.doubles(block.t);
  }
  const quantities = sortedKeys(block.fields);
  hash.word(quantities.length);
  for (const quantity of quantities) {
    hash.text(quantity);
    if (block.kind === 'readings') hashReadings(block.fields[quantity]!);
    else hashWindows(block.fields[quantity]!);
  }
}

function hashReadings({ unit, v, q }: ReadingsField): void {
  hash.text(unit);
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
