import type { JournaledBatch } from '../../gateway/src/journal/batch-log.ts';
import { airReadings, sampleBatch } from '../../protocol/src/testing/index.ts';
import { yardstickBatch, yardstickColumns } from './yardstick.ts';

/** One stream of the benchmark's day: times in µs and values. */
export interface DayOfReadings {
  readonly t: Float64Array;
  readonly v: Float64Array;
}

/** The yardstick series of several streams, each of a device of its own, at 1 Hz. */
export function yardstickDay(streams: number, readings: number): DayOfReadings[] {
  return Array.from({ length: streams }, (_, index) => yardstickColumns(yardstickBatch(readings, index + 1)));
}

/** The name of the device of a stream. */
export function deviceOf(stream: number): string {
  return `device-${stream}`;
}

/** The day as batches of `perBatch` readings in the order in which a gateway would journal them. */
export function* dayAsBatches(day: readonly DayOfReadings[], perBatch: number): Generator<JournaledBatch> {
  const readings = day[0]?.t.length ?? 0;
  let offset = 0;
  for (let from = 0; from < readings; from += perBatch) {
    for (const [stream, { t, v }] of day.entries()) {
      yield batchOf(
        offset++,
        deviceOf(stream),
        t.slice(from, from + perBatch),
        v.slice(from, from + perBatch),
      );
    }
  }
}

function batchOf(offset: number, device: string, t: Float64Array, v: Float64Array): JournaledBatch {
  const receivedAtUs = t[0] ?? 0;
  const sensors = [airReadings(t, v)];
  return {
    offset,
    receivedAtUs,
    batch: sampleBatch({ device, seq: offset + 1, sentAt: receivedAtUs, sensors }),
  };
}
