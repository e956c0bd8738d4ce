import type { BucketIndex } from './bucket-index.ts';
import type { Buckets } from './buckets.ts';

/** Which word of a double holds sign and exponent: the second on every machine that Node.js is built for but s390x. */
const highWordAt = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
const magnitudeBits = 0x7fff_ffff;
const signBit = 0x8000_0000;

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
  let zeros = 0;
  for (let at = 0; at < values.length;) {
    const side = words[2 * at + highWordAt]! < 0 ? negative : positive;
    const signCell = side === negative ? signBit >>> index.cellShift : 0;
    const end = countRun(values, words, at, { index, side, signCell });
    at = end;
    if (at === values.length) break;
    zeros += countOne(values[at]!, index, positive, negative);
    at += 1;
  }
  return zeros;
}

interface Run {
  readonly index: BucketIndex;
  readonly side: Buckets;
  /** What the sign adds to the number of a cell. */
  readonly signCell: number;
}

/**
 * Counts the values from `from` on up to one of the other sign, without a cell, or outside of the buckets in use;
 * answers where that is. The loop that every sample passes: all that it needs is in locals.
 */
function countRun(
  values: Float64Array,
  words: Int32Array,
  from: number,
  { index, side, signCell }: Run,
): number {
  const { cells, edge, cellShift } = index;
  const { counts, base, lowest } = side;
  const baseCell = index.baseCell + signCell;
  const span = side.highest - lowest;
  const offset = lowest - base;
  let at = from;
  for (; at < values.length; at++) {
    const high = words[2 * at + highWordAt]!;
    const cell = (high >>> cellShift) - baseCell;
    if (cell < 0 || cell >= edge.length) break;
    // High words decide, but for the one that the edge has too. The sign of a difference, since half of all
    // branches on noise are guessed wrong.
    const beneath = cells[2 * cell + 1]! - (high & magnitudeBits);
    let step = cells[2 * cell]! - lowest + (beneath >>> 31);
    if (beneath === 0 && Math.abs(values[at]!) > edge[cell]!) step += 1;
    if (step < 0 || step > span) break;
    counts[step + offset]! += 1;
  }
  side.total += at - from;
  return at;
}

/** Counts a value that a run stopped at; answers 1 for zero. */
function countOne(value: number, index: BucketIndex, positive: Buckets, negative: Buckets): number {
  if (value === 0) return 1;
  const magnitude = Math.abs(value);
  if (magnitude < Infinity) {
    (value < 0 ? negative : positive).add(index.of(magnitude), 1);
    index.include(magnitude);
  }
  return 0;
}
