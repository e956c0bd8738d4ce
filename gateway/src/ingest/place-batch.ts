import type { Batch, SensorBlock } from '@fieldline/protocol';

/** What a device says of its boot: at `monotonicUs` of it, it was `wallUs`. */
export type Anchor = Pick<NonNullable<Batch['anchor']>, 'monotonicUs' | 'wallUs'>;

/** Whether the times of this batch count from the device's boot, so that they mean nothing without an anchor. */
export function isUnplaced(batch: Pick<Batch, 'clock' | 'sensors'>): boolean {
  // In this order: the sensors of a batch of one reading are made when they are asked for.
  return batch.clock === 'unset' && batch.sensors.length > 0;
}

/** The same batch with times of day in the place of times since the boot. */
export function placeBatch(batch: Batch, { monotonicUs, wallUs }: Anchor): Batch {
  const offsetUs = wallUs - monotonicUs;
  return {
    ...batch,
    clock: 'holdover',
    sentAt: batch.sentAt + offsetUs,
    sensors: batch.sensors.map((block) => shifted(block, offsetUs)),
  };
}

function shifted(block: SensorBlock, offsetUs: number): SensorBlock {
  const shift = (times: Float64Array): Float64Array => times.map((time) => time + offsetUs);
  if (block.kind === 'gaps') return { ...block, from: shift(block.from), to: shift(block.to) };
  if (block.kind === 'readings') return { ...block, t: shift(block.t) };
  return { ...block, start: shift(block.start), end: shift(block.end) };
}
