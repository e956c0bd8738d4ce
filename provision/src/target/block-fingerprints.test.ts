import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockFingerprints } from './block-fingerprints.ts';

test('a block matches its own fingerprint, and no block that differs in a bit, a byte or its length does', () => {
  const block = fc.uint8Array({ minLength: 1, maxLength: 64 });
  fc.assert(
    fc.property(block, fc.nat(), fc.integer({ min: 0, max: 7 }), (bytes, place, bit) => {
      const prints = new BlockFingerprints();
      prints.set(0, bytes);
      expect(prints.matches(0, bytes.slice())).toBe(true);
      const at = place % bytes.length;
      const other = bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit));
      expect(prints.matches(0, other)).toBe(false);
      expect(prints.matches(0, bytes.subarray(1))).toBe(false);
      expect(prints.matches(0, Uint8Array.of(...bytes, 0))).toBe(false);
    }),
  );
});

test('thousands of blocks are kept, each under its own number', () => {
  const prints = new BlockFingerprints();
  const blockOf = (index: number) => Uint8Array.of(index & 255, index >> 8);
  for (let index = 0; index < 3000; index++) prints.set(index, blockOf(index));
  prints.set(7, blockOf(70));
  for (let index = 0; index < 3000; index++) expect(prints.matches(index, blockOf(index))).toBe(index !== 7);
  expect(prints.matches(3000, blockOf(3000))).toBe(false);
  expect([prints.has(2999), prints.has(3000)]).toEqual([true, false]);
  expect(() => prints.set(3001, blockOf(3001))).toThrow(RangeError);
});
