import type { Transform } from './transform.ts';

/**
 * Drops NaN and infinite values as `non-finite`: no store takes them. Always the first stage, so that to the
 * others NaN means a reading that is absent, or that was dropped and counted already.
 */
export const nonFinite: Transform = {
  name: 'non-finite',
  apply({ v }, { drop }) {
    let count = 0;
    for (let index = 0; index < v.length; index++) {
      const value = v[index]!;
      // x - x is 0 for every finite number and NaN for all others.
      if (value - value !== 0) {
        v[index] = Number.NaN;
        count += 1;
      }
    }
    if (count > 0) drop('non-finite', count);
  },
};
