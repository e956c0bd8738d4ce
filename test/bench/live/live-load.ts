import type { Batch } from '@fieldline/protocol';
import { sampleBatch } from '@fieldline/protocol/testing';

const quantities = 10;

/** What each display frame brings: one new reading of each stream, at its own time, with a resolution of 0.01. */
export class LiveLoad {
  readonly streams: number;
  #step = 0;

  /** `streams`: a multiple of ten; ten a device. */
  constructor(streams: number) {
    this.streams = streams;
  }

  /** One batch a device. */
  next(): Batch[] {
    this.#step++;
    return Array.from({ length: this.streams / quantities }, (_, device) => this.#batch(device));
  }

  #batch(device: number): Batch {
    const timeUs = 1_764_000_000_000_000 + this.#step * 50_000 + ((device * 7919) % 50_000);
    const fields = Object.fromEntries(
      Array.from({ length: quantities }, (_, index) => {
        const wave = 20 + index + 5 * Math.sin(this.#step / 50 + device) + noise(this.#step, device, index);
        return [`quantity-${index}`, { unit: 'Cel', v: Float64Array.of(Math.round(wave * 100) / 100) }];
      }),
    );
    return sampleBatch({
      device: `bench-device-${device}`,
      seq: this.#step,
      sentAt: timeUs,
      sensors: [{ sensor: 'air', type: 'thermometer', kind: 'readings', t: Float64Array.of(timeUs), fields }],
    });
  }
}

/** The same in every run: the fraction of a large product (a hash of the three numbers), ±0.1. */
function noise(step: number, device: number, index: number): number {
  const product = Math.sin(step * 12.9898 + device * 78.233 + index * 37.719) * 43_758.5453;
  return (product - Math.floor(product) - 0.5) / 5;
}

/** The updates of one frame as a plain program would send them: one object a stream. */
export function plainObjects(batches: readonly Batch[]): object[] {
  return batches.flatMap(({ device, sensors }) =>
    sensors.flatMap((block) =>
      block.kind === 'readings'
        ? Object.entries(block.fields).map(([quantity, { unit, v }]) => ({
            stream: `${device}/${block.sensor}/${quantity}`,
            unit,
            t: block.t[0],
            v: v[0],
          }))
        : [],
    ),
  );
}
