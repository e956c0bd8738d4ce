import type { Batch, DroppedRange, GapsBlock, SensorBlock, StreamLedger } from '../schema/index.ts';
import { batchLimits } from './limits.ts';
import { readReadings, readWindows } from './wire-to-block.ts';
import { invalid } from './wire-problem.ts';
import {
  readArray,
  readInteger,
  readIntegers,
  readMap,
  readName,
  readObject,
  readOneOf,
  readRecord,
  readText,
  type ValueBudget,
} from './wire-reader.ts';

const envelopeKeys = [
  ...['v', 'device', 'epoch', 'seq', 'bootId', 'sentAt', 'clock', 'configVersion', 'lane'],
  ...['sensors', 'dropped?', 'ledger', 'anchor?'],
];
const ledgerKeys = ['taken', 'filtered', 'refused', 'lost', 'open', 'batched'] as const;
const deviceId = /^[a-z0-9][a-z0-9-]{0,62}$/;
const id = new RegExp(`^[\\x21-\\x7e]{1,${batchLimits.idLength}}$`);
const reason = new RegExp(`^[^\\p{Cc}]{1,${batchLimits.reasonLength}}$`, 'u');
const sensorAndQuantity = /^[a-z0-9][a-z0-9_-]{0,62}\/[a-z0-9][a-z0-9_-]{0,62}$/;

/**
 * Builds the batch from a decoded message and checks all of it: names, whole times, columns of equal length,
 * finite numbers. Throws `WireProblem` that names the path of the first thing found wrong.
 */
export function wireToBatch(message: unknown): Batch {
  const envelope = readMap(message, '');
  if (envelope['v'] !== 1) throw invalid('v', 'not 1, the version that this program knows');
  readObject(message, '', envelopeKeys);
  const budget: ValueBudget = { left: batchLimits.values };
  const blocks = readArray(envelope['sensors'], 'sensors', batchLimits.blocks);
  return {
    v: 1,
    device: readText(envelope['device'], 'device', deviceId),
    epoch: readText(envelope['epoch'], 'epoch', id),
    seq: readInteger(envelope['seq'], 'seq', 1),
    bootId: readText(envelope['bootId'], 'bootId', id),
    sentAt: readInteger(envelope['sentAt'], 'sentAt'),
    clock: readOneOf(envelope['clock'], 'clock', ['synced', 'holdover', 'unset']),
    configVersion: readInteger(envelope['configVersion'], 'configVersion', 0),
    lane: readOneOf(envelope['lane'], 'lane', ['live', 'backlog']),
    sensors: blocks.map((block, index) => readBlock(block, `sensors[${index}]`, budget)),
    ...(envelope['dropped'] !== undefined && { dropped: readDropped(envelope['dropped']) }),
    ledger: readStreams(envelope['ledger'], 'ledger', readLedger),
    ...(envelope['anchor'] !== undefined && { anchor: readAnchor(envelope['anchor']) }),
  };
}

function readBlock(value: unknown, path: string, budget: ValueBudget): SensorBlock {
  const kind = readOneOf(readMap(value, path)['kind'], `${path}.kind`, ['readings', 'windows', 'gaps']);
  if (kind === 'readings') return readReadings(value, path, budget);
  return kind === 'windows' ? readWindows(value, path, budget) : readGaps(value, path, budget);
}

function readGaps(value: unknown, path: string, budget: ValueBudget): GapsBlock {
  const block = readObject(value, path, ['sensor', 'type', 'kind', 'from', 'to', 'reason']);
  const from = readIntegers(block['from'], `${path}.from`, budget);
  const to = readIntegers(block['to'], `${path}.to`, budget, { length: from.length });
  const reasons = readArray(block['reason'], `${path}.reason`, from.length);
  if (reasons.length !== from.length)
    throw invalid(`${path}.reason`, `${reasons.length} reasons for ${from.length} gaps`);
  const backwards = to.findIndex((end, index) => end < from[index]!);
  if (backwards >= 0) throw invalid(`${path}.to[${backwards}]`, 'before the start of its gap');
  return {
    sensor: readName(block['sensor'], `${path}.sensor`),
    type: readName(block['type'], `${path}.type`),
    kind: 'gaps',
    from,
    to,
    reason: reasons.map((text, index) => readText(text, `${path}.reason[${index}]`, reason)),
  };
}

function readDropped(value: unknown): DroppedRange[] {
  return readArray(value, 'dropped', batchLimits.droppedRanges).map((entry, index) => {
    const path = `dropped[${index}]`;
    const range = readArray(entry, path, 4);
    if (range.length !== 4) throw invalid(path, 'not [fromSeq, toSeq, reason, counts]');
    const fromSeq = readInteger(range[0], `${path}[0]`, 1);
    return [
      fromSeq,
      readInteger(range[1], `${path}[1]`, fromSeq),
      readText(range[2], `${path}[2]`, reason),
      readStreams(range[3], `${path}[3]`, (count, at) => readInteger(count, at, 0)),
    ];
  });
}

function readStreams<Value>(
  value: unknown,
  path: string,
  read: (entry: unknown, path: string) => Value,
): Record<string, Value> {
  return readRecord(value, path, { pattern: sensorAndQuantity, max: batchLimits.streams }, read);
}

function readLedger(value: unknown, path: string): StreamLedger {
  const row = readObject(value, path, ledgerKeys);
  const count = (key: (typeof ledgerKeys)[number]): number => readInteger(row[key], `${path}.${key}`, 0);
  return {
    taken: count('taken'),
    filtered: count('filtered'),
    refused: count('refused'),
    lost: count('lost'),
    open: count('open'),
    batched: count('batched'),
  };
}

function readAnchor(value: unknown): NonNullable<Batch['anchor']> {
  const anchor = readObject(value, 'anchor', ['bootId', 'monotonicUs', 'wallUs']);
  return {
    bootId: readText(anchor['bootId'], 'anchor.bootId', id),
    monotonicUs: readInteger(anchor['monotonicUs'], 'anchor.monotonicUs'),
    wallUs: readInteger(anchor['wallUs'], 'anchor.wallUs'),
  };
}
