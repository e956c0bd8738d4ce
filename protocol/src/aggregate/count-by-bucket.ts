import type { BucketIndex } from './bucket-index.ts';
import type { Buckets } from './buckets.ts';

/** Which word of a double holds sign and exponent: the second on every machine that Node.js is built for but s390x. */
const highWordAt = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

/**
 * Counts the magnitudes of a block among the buckets of their sign, and answers how many values are zero.
 * What is not finite is passed over. The index must have cells (`cellShift` above 0).
 */
export function countByBucket(
  values: Float64Array,
  index: BucketIndex,
  { positive, negative }: { readonly positive: Buckets; readonly negative: Buckets },
): number {
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const { cellShift } = index;
  let { first, edge, baseCell } = index;
  let zeros = 0;
  for (let at = 0; at < values.length; at++) {
    const high = words[2 * at + highWordAt]!;
    const side = high < 0 ? negative : positive;
    const magnitude = Math.abs(values[at]!);
    const cell = ((high & 0x7fff_ffff) >>> cellShift) - baseCell;
    if (cell < 0 || cell >= first.length) {
      // Zero, not finite, or of an octave that has no cells yet (or never gets any).
      if (magnitude === 0) zeros += 1;
      else if (magnitude < Infinity) {
        side.add(index.of(magnitude), 1);
        index.include(magnitude);
        ({ first, edge, baseCell } = index);
      }
      continue;
    }
    const bucket = magnitude > edge[cell]! ? first[cell]! + 1 : first[cell]!;
    if (bucket < side.lowest || bucket > side.highest) side.add(bucket, 1);
    else {
      side.counts[bucket - side.base]! += 1;
      side.total += 1;
    }
  }
  return zeros;
}
