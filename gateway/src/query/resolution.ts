import { parseDuration } from '@fieldline/protocol';

const secondUs = 1_000_000;
const minuteUs = 60 * secondUs;
const hourUs = 60 * minuteUs;
const dayUs = 24 * hourUs;

/** Bucket lengths that people read easily, in µs, rising. */
const ladderUs: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000].map((us) => us),
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30].map((seconds) => seconds * secondUs),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * minuteUs),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hourUs),
  ...[1, 2, 7, 14, 28, 91, 365].map((days) => days * dayUs),
];

/**
 * Length of a bucket in µs: the shortest of the ladder by which `spanUs` makes at most `points` buckets, made
 * a multiple of `windowUs` (the longest window in the range, 0 where there is none), so that each window
 * lies in one bucket and no bucket is empty for want of a shorter window.
 *
 * It depends on the request and the windows alone, so every store answers in the same buckets.
 */
export function bucketLengthUs(spanUs: number, points: number, windowUs: number): number {
  const wantedUs = Math.max(1, Math.ceil(spanUs / points), windowUs);
  const stepUs = ladderUs.find((us) => us >= wantedUs) ?? Math.ceil(wantedUs / (365 * dayUs)) * 365 * dayUs;
  if (windowUs === 0) return stepUs;
  if (wantedUs === windowUs) return windowUs;
  return Math.ceil(stepUs / windowUs) * windowUs;
}

/**
 * The shortest length whose buckets are made of whole windows and of whole rollups alike: their least common multiple.
 * Either is 0 where there is none.
 */
export function sharedLengthUs({ rollupUs, windowUs }: { rollupUs: number; windowUs: number }): number {
  if (rollupUs === 0 || windowUs === 0) return Math.max(rollupUs, windowUs);
  let [divisorUs, restUs] = [rollupUs, windowUs];
  while (restUs > 0) [divisorUs, restUs] = [restUs, divisorUs % restUs];
  return (rollupUs / divisorUs) * windowUs;
}

/** Length in µs of a window's kind: `10s` has one; `count:100` and `session` have none and answer 0. */
export function windowLengthUs(window: string): number {
  const parsed = parseDuration(window);
  return parsed.ok ? parsed.value : 0;
}
