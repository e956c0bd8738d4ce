import { expect, it } from 'vitest';
import { boundaryWaitUsMax, switchTime } from './switch-time.ts';

const s = 1_000_000;
const now = 1_800_000_003 * s + 1;

it('is a boundary of old and new windows, if one is near', () => {
  expect(switchTime(now, { lastUs: [5 * s], nextUs: [2 * s] })).toBe(1_800_000_010 * s);
  expect(switchTime(now, { lastUs: [5 * s, 2 * s, 0], nextUs: [10 * s] })).toBe(1_800_000_010 * s);
  expect(switchTime(1_800_000_010 * s, { lastUs: [5 * s], nextUs: [2 * s] })).toBe(1_800_000_010 * s);
});

it('is the end of the old windows, where the next shared one is far', () => {
  expect(switchTime(now, { lastUs: [60 * s], nextUs: [7 * s] })).toBe(1_800_000_060 * s);
  expect(switchTime(now, { lastUs: [s], nextUs: [3600 * s] })).toBe(1_800_000_004 * s);
});

it('does not wait for windows that are long, or where there are none', () => {
  expect(switchTime(now, { lastUs: [86_400 * s], nextUs: [s] })).toBe(now);
  expect(switchTime(now, { lastUs: [0], nextUs: [0] })).toBe(now);
  expect(switchTime(now, { lastUs: [0], nextUs: [s] })).toBe(1_800_000_004 * s);
  const odd = [86_399.999_983, 86_399.999_981, 86_399.999_977].map((each) => Math.round(each * s));
  expect(switchTime(now, { lastUs: odd, nextUs: [] }) - now).toBeLessThanOrEqual(boundaryWaitUsMax);
});
