import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addLateStretch } from './late-stretches.ts';
import type { TimeSpan } from './time-span.ts';

const stretch = fc
  .tuple(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 1e8 }))
  .map(([fromUs, lengthUs]) => ({ fromUs, toUs: fromUs + lengthUs }));

test('stretches stay apart, in order, and cover all that was added', () => {
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 60 }), (added) => {
      const known = added.reduce<TimeSpan[]>(addLateStretch, []);
      known.forEach((each, index) => {
        expect(each.fromUs).toBeLessThanOrEqual(each.toUs);
        const next = known[index + 1];
        if (next) expect(next.fromUs - each.toUs).toBeGreaterThan(30_000_000);
      });
      for (const each of added) {
        const cover = known.some(({ fromUs, toUs }) => fromUs <= each.fromUs && toUs >= each.toUs);
        expect(cover).toBe(true);
      }
    }),
  );
});

test('only the newest hundred are remembered', () => {
  let known: TimeSpan[] = [];
  for (let n = 0; n < 150; n += 1) known = addLateStretch(known, { fromUs: n * 1e9, toUs: n * 1e9 });
  expect([known.length, known[0]?.fromUs]).toEqual([100, 50e9]);
});
