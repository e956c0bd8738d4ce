import { batchTopic, encodeBatch, type Batch } from '../../../protocol/src/index.ts';
import { airReadings, allBatched, sampleBatch } from '../../../protocol/src/testing/index.ts';

const hourMs = 3_600_000;

/**
 * Time of the first reading, microseconds; the following ones are a millisecond apart. Of this hour, as readings are that a device
 * takes now: older ones would have their hours rolled up while they come.
 */
const startUs = Math.floor(Date.now() / hourMs) * hourMs * 1000;
const stepUs = 1000;

/** What a device of the load sends: `fieldline` a batch, `plain` JSON with one time and one value. */
export type MessageKind = 'fieldline' | 'plain';

/** The topic of a device's messages. */
export function topicOf(kind: MessageKind, device: string): string {
  return kind === 'fieldline' ? batchTopic(device) : `bench/${device}/temperature`;
}

/**
 * The payload of a device's message `seq` (from 1) with `readings` readings of its one stream. The value of
 * a reading is its number, so that the newest one stored tells how far the store is.
 */
export function payloadOf(kind: MessageKind, device: string, seq: number, readings: number): Uint8Array {
  const before = (seq - 1) * readings;
  if (kind === 'plain') return Buffer.from(JSON.stringify({ t: startUs + before * stepUs, v: before }));
  return encodeBatch(batch(device, seq, before, readings));
}

/** Reading `index` (from 0) of a device as line protocol, as the gateway writes it. */
export function lineOf(device: string, index: number): string {
  return `thermometer,device=${device},sensor=air temperature=${index} ${startUs + index * stepUs}`;
}

function batch(device: string, seq: number, before: number, readings: number): Batch {
  const t = Float64Array.from({ length: readings }, (_, index) => startUs + (before + index) * stepUs);
  const v = Float64Array.from({ length: readings }, (_, index) => before + index);
  const batched = before + readings;
  return sampleBatch({
    device,
    seq,
    sentAt: startUs + batched * stepUs,
    sensors: [airReadings(t, v)],
    ledger: { 'air/temperature': allBatched(batched) },
  });
}
