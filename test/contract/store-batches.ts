import type { SensorBlock, WindowsField } from '@fieldline/protocol';
import { sampleBatch } from '@fieldline/protocol/testing';
import { Moments, Sketch } from '@fieldline/protocol/aggregate';
import type { JournaledBatch } from '../../gateway/src/journal/batch-log.ts';

/** 2026-01-01T00:00:00Z: aligned to every bucket up to a day. */
export const startUs = 1_767_225_600_000_000;
export const secondUs = 1_000_000;

/** Entries numbered as a journal numbers them. */
export class Entries {
  #offset = 0;
  #seq = 0;
  readonly device: string;

  constructor(device: string) {
    this.device = device;
  }

  next(...sensors: SensorBlock[]): JournaledBatch {
    const batch = sampleBatch({ device: this.device, seq: ++this.#seq, sentAt: startUs, sensors });
    return { offset: this.#offset++, batch, receivedAtUs: startUs + this.#seq };
  }
}

/** Readings of one quantity: `[time in seconds after the start, value]`; NaN is an absent one. */
export function readings(
  sensor: string,
  quantity: string,
  rows: readonly (readonly [seconds: number, value: number])[],
  options: { readonly unit?: string; readonly type?: string; readonly extra?: boolean } = {},
): SensorBlock {
  const { unit = 'Cel', type = 'thermometer', extra } = options;
  const t = Float64Array.from(rows, ([seconds]) => startUs + Math.round(seconds * secondUs));
  const v = Float64Array.from(rows, ([, value]) => value);
  return {
    sensor,
    type,
    kind: 'readings',
    t,
    fields: { [quantity]: { unit, v } },
    ...(extra ? { extra } : {}),
  };
}

export interface WindowRow {
  readonly startS: number;
  readonly values: readonly number[];
  readonly partial?: boolean;
}

/** What windows of a test may say besides. */
export interface WindowsOptions {
  /** Whether they carry sketches, or of which relative accuracy. */
  readonly sketch?: boolean | number;
  readonly extra?: boolean;
  /** Their kind; default: their length. */
  readonly window?: string;
}

/** Windows of one quantity, made of the readings that they aggregate. */
export function windows(
  sensor: string,
  quantity: string,
  lengthS: number,
  rows: readonly WindowRow[],
  options: WindowsOptions = {},
): SensorBlock {
  const start = Float64Array.from(rows, (row) => startUs + row.startS * secondUs);
  return {
    sensor,
    type: 'thermometer',
    kind: 'windows',
    window: options.window ?? `${lengthS}s`,
    start,
    end: start.map((us) => us + lengthS * secondUs),
    partial: Uint8Array.from(rows, ({ partial }) => (partial ? 1 : 0)),
    fields: { [quantity]: windowsField(rows, options.sketch ?? true) },
    ...(options.extra ? { extra: true } : {}),
  };
}

function windowsField(rows: readonly WindowRow[], withSketch: boolean | number): WindowsField {
  const options = typeof withSketch === 'number' ? { relativeAccuracy: withSketch } : {};
  const all = rows.map(({ values }) => {
    const moments = new Moments();
    const sketch = new Sketch(options);
    for (const value of values) {
      moments.record(value);
      sketch.record(value);
    }
    return { moments, sketch };
  });
  const column = (name: 'count' | 'sum' | 'min' | 'max' | 'first' | 'last' | 'm2'): Float64Array =>
    Float64Array.from(all, ({ moments }) => (moments.count === 0 && name !== 'count' ? NaN : moments[name]));
  return {
    unit: 'Cel',
    count: column('count'),
    sum: column('sum'),
    min: column('min'),
    max: column('max'),
    first: column('first'),
    last: column('last'),
    m2: column('m2'),
    ...(withSketch !== false ? { sketch: all.map(({ sketch }) => sketch.encode()) } : {}),
  };
}

/** A gap of a sensor, in seconds after the start. */
export function gap(sensor: string, fromS: number, toS: number, reason: string): SensorBlock {
  const at = (seconds: number): Float64Array => Float64Array.of(startUs + seconds * secondUs);
  return { sensor, type: 'thermometer', kind: 'gaps', from: at(fromS), to: at(toS), reason: [reason] };
}

/** Deterministic numbers in [0, 1) (mulberry32), so that every run and every store gets the same. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
