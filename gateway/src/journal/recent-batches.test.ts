import { describe, expect, test } from 'vitest';
import { batchOf } from '../gateway-rig.ts';
import { RecentBatches } from './recent-batches.ts';

function recentOf(offsets: readonly number[], payloadBytes = 100): RecentBatches {
  const recent = new RecentBatches();
  for (const offset of offsets) {
    const batch = batchOf('porch', offset + 1);
    recent.add({ offset, batch, receivedAtUs: offset }, batch, payloadBytes);
  }
  return recent;
}

const offsetsFrom = (recent: RecentBatches, offset: number, limit = { maxBytes: 1e9 }) =>
  recent.read(offset, limit)?.map((entry) => entry.offset);

describe('RecentBatches', () => {
  test('gives what follows an offset, within the limits of the read, and at least one', () => {
    const recent = recentOf([5, 6, 7, 8]);
    expect(offsetsFrom(recent, 6)).toEqual([6, 7, 8]);
    expect(recent.read(5, { maxBytes: 250 })?.map(({ offset }) => offset)).toEqual([5, 6]);
    expect(recent.read(5, { maxBytes: 1 })?.map(({ offset }) => offset)).toEqual([5]);
    expect(recent.read(5, { maxBytes: 1e9, maxRecords: 3 })).toHaveLength(3);
  });

  test('knows nothing of what it does not hold', () => {
    const recent = recentOf([5, 6]);
    expect([recent.read(4, { maxBytes: 1 }), recent.read(7, { maxBytes: 1 })]).toEqual([
      undefined,
      undefined,
    ]);
    expect([recent.get(4), recent.get(7)]).toEqual([undefined, undefined]);
    expect(recent.get(6)?.offset).toBe(6);
  });

  test('begins anew behind offsets that were left out', () => {
    const recent = recentOf([1, 2, 10, 11]);
    expect(recent.get(2)).toBeUndefined();
    expect(offsetsFrom(recent, 10)).toEqual([10, 11]);
  });

  test('lets the oldest go where they take too much', () => {
    const recent = recentOf(
      Array.from({ length: 100 }, (_, index) => index),
      2 ** 17,
    );
    expect(recent.get(0)).toBeUndefined();
    const kept = offsetsFrom(recent, 99 - 20) ?? [];
    expect(kept.at(-1)).toBe(99);
    expect(kept).toHaveLength(21);
  });

  test('lets go of what every reader has passed', () => {
    const recent = recentOf([5, 6, 7, 8]);
    recent.letGoBelow(7);
    expect([recent.get(6), recent.get(7)?.offset]).toEqual([undefined, 7]);
    recent.letGoBelow(100);
    expect(recent.get(8)).toBeUndefined();
    const batch = batchOf('porch', 10);
    recent.add({ offset: 9, batch, receivedAtUs: 9 }, batch, 100);
    expect(offsetsFrom(recent, 9)).toEqual([9]);
  });

  test('gives the right ones however many went', () => {
    const recent = recentOf(Array.from({ length: 200_000 }, (_, index) => index));
    expect(offsetsFrom(recent, 199_990)).toEqual(Array.from({ length: 10 }, (_, index) => 199_990 + index));
    expect(recent.get(100)).toBeUndefined();
  });
});
