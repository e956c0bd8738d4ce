import { readFileSync } from 'node:fs';
import type { Batch } from '../../protocol/src/index.ts';
import { airReadings, sampleBatch } from '../../protocol/src/testing/index.ts';

/** Readings an hour: the series is interpolated to one a second before the sensor's noise is added. */
const readingsPerHour = 3600;
const jitterUs = 500;
const noiseCel = 0.02;
const startUs = 1_790_000_000_000_000;

/**
 * The yardstick series: a real temperature (Seattle, hourly normals, interpolated to one reading a second)
 * with 0.02 degrees of sensor noise at a resolution of 0.01, and times that jitter by 0.5 ms (both standard
 * deviations of a seeded normal distribution). One batch of a device with one thermometer.
 */
export function yardstickBatch(count: number, seed = 1): Batch {
  const hourly = readSeries();
  const normal = seededNormal(seed);
  const t = Float64Array.from({ length: count }, (_, index) =>
    Math.round(startUs + index * 1_000_000 + jitterUs * normal()),
  );
  const v = Float64Array.from({ length: count }, (_, index) => {
    const hours = 12 * seed + index / readingsPerHour;
    return Math.round(100 * (interpolated(hourly, hours) + noiseCel * normal())) / 100;
  });
  const row = { taken: 124_000, filtered: 3, refused: 0, lost: 0, open: 0, batched: 123_997 };
  return sampleBatch({
    device: 'greenhouse-1',
    seq: 1240,
    sentAt: (t.at(-1) ?? startUs) + 4321,
    sensors: [airReadings(t, v)],
    ledger: { 'air/temperature': row },
  });
}

/** Times and values of the batch's one stream. */
export function yardstickColumns(batch: Batch): { t: Float64Array; v: Float64Array } {
  const block = batch.sensors[0];
  const v = block?.kind === 'readings' ? block.fields['temperature']?.v : undefined;
  if (block?.kind !== 'readings' || !v) throw new Error('not a batch of the yardstick');
  return { t: block.t, v };
}

function readSeries(): number[] {
  const text = readFileSync(new URL('data/seattle-temperature.txt', import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(Number);
}

function interpolated(hourly: readonly number[], hours: number): number {
  const hour = Math.floor(hours);
  const before = hourly[hour % hourly.length] ?? NaN;
  const after = hourly[(hour + 1) % hourly.length] ?? NaN;
  return before + (after - before) * (hours - hour);
}

/** Standard normal numbers (Box and Muller 1958) from a linear congruential generator (Knuth's constants). */
function seededNormal(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
