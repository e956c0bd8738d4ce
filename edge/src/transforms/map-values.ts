import type { Block, Counts, Transform } from './transform.ts';

/** What `mapValues` counts: the value does not fit into a number any more. */
export const overflowReason = {
  reason: 'overflow',
  of: 'a value that became too large for a number',
  outcome: 'dropped',
} as const;

/** `v · scale + offset`, in place, NaN kept: the loop that every sample of a calibrated ADC passes. */
export function mapLinear(v: Float64Array, scale: number, offset: number, { drop }: Counts): void {
  let overflows = 0;
  for (let row = 0; row < v.length; row++) {
    const value = v[row]!;
    const result = value * scale + offset;
    v[row] = result;
    // x - x is 0 for every finite number: one test for all that is rare.
    if (result - result !== 0) {
      if (value === value) overflows += 1;
      v[row] = Number.NaN;
    }
  }
  if (overflows > 0) drop('overflow', overflows);
}

/**
 * Replaces each value by `convert` of it. NaN says that there is no result: it is counted as `reason`; an
 * infinite result as `overflow`.
 */
export function mapValues(
  v: Float64Array,
  convert: (value: number) => number,
  reason: string,
  { drop }: Counts,
): void {
  let without = 0;
  let overflows = 0;
  for (let row = 0; row < v.length; row++) {
    const value = v[row]!;
    if (value !== value) continue;
    const result = convert(value);
    v[row] = result;
    if (result - result === 0) continue;
    if (result === result) overflows += 1;
    else without += 1;
    v[row] = Number.NaN;
  }
  if (without > 0) drop(reason, without);
  if (overflows > 0) drop('overflow', overflows);
}

/** A stage without memory that scales and shifts. */
export function linearStage(name: string, scale: number, offset: number): Transform {
  return { name, apply: ({ v }: Block, counts: Counts) => mapLinear(v, scale, offset, counts) };
}

/** A stage without memory that converts each value; see `mapValues`. */
export function convertingStage(name: string, convert: (value: number) => number, reason: string): Transform {
  return { name, apply: ({ v }: Block, counts: Counts) => mapValues(v, convert, reason, counts) };
}
