import type { Batch, ReadingsBlock, StreamLedger } from '../schema/index.ts';
import { batchLimits } from './limits.ts';
import { QuickReader } from './quick-reader.ts';
import type { KnownText } from './text-table.ts';

/** What a usual message has at most; larger ones are left to the reader of any message. */
const quickLimits = { blocks: 64, quantities: 64, streams: 1024 } as const;

/** First byte of a message with the usual eleven entries. */
export const quickFirstByte = 0xab;

const reader = new QuickReader();
const keys = {
  vAndDevice: bytesOf([quickFirstByte, 'v', 0x01, 'device']),
  epoch: bytesOf(['epoch']),
  seq: bytesOf(['seq']),
  bootId: bytesOf(['bootId']),
  sentAt: bytesOf(['sentAt']),
  clock: bytesOf(['clock']),
  configVersion: bytesOf(['configVersion']),
  lane: bytesOf(['lane']),
  sensors: bytesOf(['sensors']),
  ledger: bytesOf(['ledger']),
  sensor: bytesOf([0xa5, 'sensor']),
  type: bytesOf(['type']),
  kindAndTimes: bytesOf(['kind', 'readings', 't']),
  fields: bytesOf(['fields']),
  unit: bytesOf([0xa2, 'unit']),
  v: bytesOf(['v']),
  taken: bytesOf([0xa6, 'taken']),
  filtered: bytesOf(['filtered']),
  refused: bytesOf(['refused']),
  lost: bytesOf(['lost']),
  open: bytesOf(['open']),
  batched: bytesOf(['batched']),
} as const;
const clocks = ['synced', 'holdover', 'unset'] as const;
const clockBytes = clocks.map((clock) => bytesOf([clock]));
const lanes = ['live', 'backlog'] as const;
const laneBytes = lanes.map((lane) => bytesOf([lane]));

/**
 * The batch of a message as `encodeBatch` writes most of them: CBOR, entries in its order, blocks of readings
 * without qualities. Undefined for any other message, a wrong one among them: `wireToBatch` then reads or
 * refuses it. What this answers is what `wireToBatch` would.
 */
export function readQuickBatch(bytes: Uint8Array): Batch | undefined {
  reader.begin(bytes);
  const batch = readBatch();
  reader.end();
  return reader.failed ? undefined : batch;
}

function readBatch(): Batch | undefined {
  const device = readAfter(keys.vAndDevice, 'isDevice');
  const epoch = readAfter(keys.epoch, 'isId');
  const seq = integerAfter(keys.seq, 1);
  const bootId = readAfter(keys.bootId, 'isId');
  const sentAt = integerAfter(keys.sentAt, Number.MIN_SAFE_INTEGER);
  const clock = choiceAfter(keys.clock, clocks, clockBytes);
  const configVersion = integerAfter(keys.configVersion, 0);
  const lane = choiceAfter(keys.lane, lanes, laneBytes);
  if (reader.failed || !clock || !lane) return undefined;
  const sensors = readBlocks();
  const ledger = readLedger();
  return { v: 1, device, epoch, seq, bootId, sentAt, clock, configVersion, lane, sensors, ledger };
}

function readBlocks(): ReadingsBlock[] {
  reader.literal(keys.sensors);
  const count = reader.array(quickLimits.blocks);
  const blocks: ReadingsBlock[] = [];
  let values = 0;
  for (let index = 0; index < count && !reader.failed; index++) {
    const block = readBlock();
    blocks.push(block);
    values += block.t.length * (1 + quickLimits.quantities);
    if (values > batchLimits.values) reader.failed = true;
  }
  return blocks;
}

function readBlock(): ReadingsBlock {
  const sensor = readAfter(keys.sensor, 'isName');
  const type = readAfter(keys.type, 'isName');
  reader.literal(keys.kindAndTimes);
  const t = reader.column();
  for (let index = 0; index < t.length; index++) if (!Number.isSafeInteger(t[index])) reader.failed = true;
  reader.literal(keys.fields);
  const fields = new Bare<ReadingsBlock['fields'][string]>();
  const count = reader.map(quickLimits.quantities);
  for (let index = 0; index < count && !reader.failed; index++) {
    const quantity = reader.text();
    if (!quantity?.isName || quantity.value in fields) reader.failed = true;
    else fields[quantity.value] = readField(t.length);
  }
  return { sensor, type, kind: 'readings', t, fields };
}

function readField(length: number): ReadingsBlock['fields'][string] {
  const unit = readAfter(keys.unit, 'isUnit');
  reader.literal(keys.v);
  return { unit, v: reader.column(length) };
}

function readLedger(): Record<string, StreamLedger> {
  reader.literal(keys.ledger);
  const ledger = new Bare<StreamLedger>();
  const count = reader.map(quickLimits.streams);
  for (let index = 0; index < count && !reader.failed; index++) {
    const stream = reader.text();
    if (!stream?.isStream || stream.value in ledger) reader.failed = true;
    else ledger[stream.value] = readTotals();
  }
  return ledger;
}

function readTotals(): StreamLedger {
  return {
    taken: integerAfter(keys.taken, 0),
    filtered: integerAfter(keys.filtered, 0),
    refused: integerAfter(keys.refused, 0),
    lost: integerAfter(keys.lost, 0),
    open: integerAfter(keys.open, 0),
    batched: integerAfter(keys.batched, 0),
  };
}

function integerAfter(key: Uint8Array, min: number): number {
  reader.literal(key);
  return reader.integer(min);
}

function readAfter(key: Uint8Array, kind: Exclude<keyof KnownText, 'value'>): string {
  reader.literal(key);
  const text = reader.text();
  if (!text?.[kind]) reader.failed = true;
  return text?.value ?? '';
}

function choiceAfter<const Choice>(
  key: Uint8Array,
  choices: readonly Choice[],
  encoded: readonly Uint8Array[],
): Choice | undefined {
  reader.literal(key);
  for (let index = 0; index < encoded.length; index++) {
    const bytes = encoded[index]!;
    if (!reader.isNext(bytes)) continue;
    reader.literal(bytes);
    return choices[index];
  }
  reader.failed = true;
  return undefined;
}

/** CBOR of short texts, and single bytes as they are. */
function bytesOf(parts: readonly (string | number)[]): Uint8Array {
  const bytes = parts.flatMap((part) =>
    typeof part === 'number' ? [part] : [0x60 + part.length, ...Buffer.from(part)],
  );
  return Uint8Array.from(bytes);
}

/** An object that inherits no name, like `Object.create(null)`, and that the engine keeps as a plain shape. */
type BareConstructor = new <Value>() => Record<string, Value>;
const Bare = function (): void {
  // Only its empty prototype matters.
} as unknown as BareConstructor;
Object.defineProperty(Bare, 'prototype', { value: Object.freeze(Object.create(null)) });
