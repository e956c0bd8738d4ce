import fc from 'fast-check';
import type { Batch } from '@fieldline/protocol';
import { expect, test } from 'vitest';
import { offsetAt } from './offset-at.ts';

const batch = { device: 'd', sensors: [] } as unknown as Batch;

test('finds the first entry that is not older, wherever offsets are missing', async () => {
  const logs = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(5)), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(logs, fc.nat(120), async (steps, timeUs) => {
      let offset = 7;
      let at = 0;
      const entries = steps.map(([step, later]) => ({
        offset: (offset += step),
        receivedAtUs: (at += later),
        batch,
      }));
      const log = {
        firstOffset: entries[0]?.offset ?? 8,
        nextOffset: offset + 1,
        read: async (from: number) => entries.filter((entry) => entry.offset >= from).slice(0, 1),
      };
      const found = await offsetAt(log, timeUs);
      const expected = entries.find(({ receivedAtUs }) => receivedAtUs >= timeUs);
      const first = entries.find((entry) => entry.offset >= found);
      expect(first?.offset).toBe(expected?.offset);
    }),
  );
});
