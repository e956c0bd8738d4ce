import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketLengthUs, windowLengthUs } from './resolution.ts';

test.each([
  [3_600_000_000, 600, 0, 10_000_000],
  [86_400_000_000, 600, 0, 300_000_000],
  [1000, 10, 0, 100],
  [3_600_000_000, 600, 10_000_000, 10_000_000],
  [3_600_000_000, 600, 7_000_000, 7_000_000],
  [3_600_000_000, 100, 7_000_000, 63_000_000],
])(
  'a range of %i µs in %i points over windows of %i µs takes buckets of %i µs',
  (span, points, window, length) => {
    expect(bucketLengthUs(span, points, window)).toBe(length);
  },
);

test('buckets are few enough, and whole multiples of the window', () => {
  const spans = fc.integer({ min: 1, max: 10 * 365 * 86_400 }).map((seconds) => seconds * 1e6);
  fc.assert(
    fc.property(spans, fc.integer({ min: 1, max: 10_000 }), fc.nat(7200), (spanUs, points, windowS) => {
      const lengthUs = bucketLengthUs(spanUs, points, windowS * 1e6);
      expect(Math.ceil(spanUs / lengthUs)).toBeLessThanOrEqual(points);
      if (windowS > 0) expect(lengthUs % (windowS * 1e6)).toBe(0);
    }),
  );
});

test('only windows by time have a length', () => {
  expect(['10s', '250ms', 'count:100', 'session'].map(windowLengthUs)).toEqual([10_000_000, 250_000, 0, 0]);
});
