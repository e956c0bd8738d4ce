import { countReadings, OneReadingBatch, type Batch } from '@fieldline/protocol';

/** Streams of which the newest count is remembered; beyond it all are forgotten. */
const rememberedMax = 4096;

interface Remembered {
  readonly stream: string;
  count: number;
  counts: ReadonlyMap<string, number>;
}

const remembered = new Map<string, Map<string, Remembered>>();
let rememberedCount = 0;

/**
 * The same as `countReadings`, for who looks and changes nothing: of batches of one quantity, which most are, it answers
 * the same map again for the same count.
 */
export function countsOf(batch: Pick<Batch, 'sensors'>): ReadonlyMap<string, number> {
  if (batch instanceof OneReadingBatch) return batch.outline.counts;
  const [block, another] = batch.sensors;
  if (!block || another || block.kind !== 'readings' || block.extra) return countReadings(batch);
  let only = '';
  for (const quantity in block.fields) {
    if (only !== '') return countReadings(batch);
    only = quantity;
  }
  const values = block.fields[only]?.v;
  if (!values) return countReadings(batch);
  let count = 0;
  for (let index = 0; index < values.length; index++) if (!Number.isNaN(values[index]!)) count += 1;
  const known = rememberedOf(block.sensor, only);
  if (known.count !== count) {
    known.count = count;
    known.counts = count === 0 ? new Map() : new Map([[known.stream, count]]);
  }
  return known.counts;
}

function rememberedOf(sensor: string, quantity: string): Remembered {
  const known = remembered.get(sensor)?.get(quantity);
  if (known) return known;
  if (rememberedCount >= rememberedMax) {
    remembered.clear();
    rememberedCount = 0;
  }
  const fresh = { stream: `${sensor}/${quantity}`, count: 0, counts: new Map<string, number>() };
  const quantities = remembered.get(sensor) ?? new Map<string, Remembered>();
  quantities.set(quantity, fresh);
  remembered.set(sensor, quantities);
  rememberedCount += 1;
  return fresh;
}
