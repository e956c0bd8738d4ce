import { expect, test } from 'vitest';
import { FramePace } from './frame-pace.ts';

/** The interval after many frames that cost so much each. */
function intervalAt(costMs: number): number {
  const pace = new FramePace();
  for (let frame = 0; frame < 100; frame++) pace.sent(frame * 100, frame * 100 + costMs, false);
  return pace.intervalMs;
}

test('the first frame waits for nothing, the next one for a short while', () => {
  const pace = new FramePace();
  expect(pace.waitMs(5)).toBe(0);
  pace.sent(5, 5.25, false);
  expect(pace.waitMs(7)).toBe(3);
  expect(pace.waitMs(13)).toBe(0);
  expect(pace.waitMs(900)).toBe(0);
});

test.each([
  [0.1, 5],
  [3, 30],
  [400, 50],
])('frames that cost %d ms come every %d ms', (costMs, intervalMs) => {
  expect(intervalAt(costMs)).toBeCloseTo(intervalMs, 2);
});

test('one slow frame among many changes little', () => {
  const pace = new FramePace();
  for (let frame = 0; frame < 50; frame++) pace.sent(frame * 50, frame * 50 + 0.2, false);
  pace.sent(2500, 2506, false);
  expect(pace.intervalMs).toBeLessThan(10);
});

test('frames that no viewer takes, since all of them are slow, do not hurry', () => {
  const pace = new FramePace();
  pace.sent(5, 5.1, true);
  expect(pace.intervalMs).toBe(50);
  pace.sent(55, 55.1, false);
  expect(pace.intervalMs).toBe(5);
});
