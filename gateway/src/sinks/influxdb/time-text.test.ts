import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeText } from './time-text.ts';

test('writes every time as the engine does', () => {
  const time = fc.oneof(
    fc.integer({ min: -1_000_000, max: Number.MAX_SAFE_INTEGER }),
    fc.nat(3_000_000),
    fc.nat(99).map((us) => 1_790_000_000_000_000 + us),
  );
  fc.assert(
    fc.property(fc.array(time), (times) => {
      expect(times.map(timeText)).toEqual(times.map(String));
    }),
    { numRuns: 500 },
  );
});
