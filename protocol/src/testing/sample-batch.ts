import type { Batch, ReadingsBlock, StreamLedger } from '../schema/index.ts';

/**
 * A batch for tests and benchmarks: what `about` leaves out is that of the first batch of the device `lab-1`, whose
 * clock is right, without readings.
 */
export function sampleBatch(about: Partial<Batch> = {}): Batch {
  return {
    v: 1,
    device: 'lab-1',
    epoch: 'epoch-1',
    seq: 1,
    bootId: 'boot-1',
    sentAt: 0,
    clock: 'synced',
    configVersion: 1,
    lane: 'live',
    sensors: [],
    ledger: {},
    ...about,
  };
}

/** Readings of the thermometer `air`: times in µs, temperatures in °C. */
export function airReadings(t: Float64Array, v: Float64Array): ReadingsBlock {
  return {
    sensor: 'air',
    type: 'thermometer',
    kind: 'readings',
    t,
    fields: { temperature: { unit: 'Cel', v } },
  };
}

/** The account of a stream of which so many readings were taken, all of them put into batches. */
export function allBatched(readings: number): StreamLedger {
  return { taken: readings, filtered: 0, refused: 0, lost: 0, open: 0, batched: readings };
}
