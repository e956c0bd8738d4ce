import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hourUs } from '../rollups/grains.ts';
import { spansOf } from './shard-spans.ts';

const h = (hours: number): number => hours * hourUs;

test('shards that overlap, or that meet within an hour, go together', () => {
  const shards = [
    { fromUs: h(0), toUs: h(24) },
    { fromUs: h(24), toUs: h(48) },
    { fromUs: h(30), toUs: h(31) },
    { fromUs: h(48), toUs: h(49.5) },
    { fromUs: h(49.5), toUs: h(51) },
    { fromUs: h(60), toUs: h(61.5) },
  ];
  expect(spansOf(shards)).toEqual([
    { fromUs: h(0), toUs: h(24) },
    { fromUs: h(24), toUs: h(48) },
    { fromUs: h(48), toUs: h(51) },
    { fromUs: h(60), toUs: h(62) },
  ]);
});

test('every shard lies in one stretch, and stretches do not meet', () => {
  const shard = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 60 }));
  fc.assert(
    fc.property(fc.array(shard, { maxLength: 30 }), (pairs) => {
      const shards = pairs
        .map(([from, length]) => ({ fromUs: h(from / 4), toUs: h((from + length) / 4) }))
        .sort((a, b) => a.fromUs - b.fromUs);
      const spans = spansOf(shards);
      for (const { fromUs, toUs } of shards) {
        const holding = spans.filter((span) => span.fromUs < toUs && fromUs < span.toUs);
        expect(holding).toHaveLength(1);
        expect(holding[0]?.fromUs).toBeLessThanOrEqual(fromUs);
        expect(holding[0]?.toUs).toBeGreaterThanOrEqual(toUs);
      }
      for (const [at, { fromUs, toUs }] of spans.entries()) {
        expect([fromUs % hourUs, toUs % hourUs]).toEqual([0, 0]);
        expect(fromUs).toBeGreaterThanOrEqual(spans[at - 1]?.toUs ?? 0);
      }
    }),
  );
});
