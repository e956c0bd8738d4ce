import type { Batch } from '../schema/index.ts';

/**
 * How many readings a batch carries, by `sensor/quantity`: values that are not absent, and the counts of
 * windows. Blocks marked `extra` are copies and count nothing. Both sides of the ledger count by this.
 */
export function countReadings(batch: Pick<Batch, 'sensors'>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const block of batch.sensors) {
    if (block.kind === 'gaps' || block.extra) continue;
    for (const quantity of Object.keys(block.fields)) {
      const count =
        block.kind === 'readings' ? present(block.fields[quantity]?.v) : total(block.fields[quantity]?.count);
      const stream = `${block.sensor}/${quantity}`;
      if (count > 0) counts.set(stream, (counts.get(stream) ?? 0) + count);
    }
  }
  return counts;
}

function present(values: Float64Array = new Float64Array(0)): number {
  let count = 0;
  for (let index = 0; index < values.length; index++) if (!Number.isNaN(values[index])) count += 1;
  return count;
}

function total(counts: Float64Array = new Float64Array(0)): number {
  let sum = 0;
  for (let index = 0; index < counts.length; index++) sum += counts[index]!;
  return sum;
}
