import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { heldClock } from './held-clock.ts';

test('looks at the clock once a turn of the event loop', async () => {
  let now = 1;
  const clock = heldClock(() => now);
  expect(clock()).toBe(1);
  now = 2;
  expect(clock()).toBe(1);
  await turn();
  expect(clock()).toBe(2);
});

test('looks again within a turn that is long', () => {
  let now = 0;
  const clock = heldClock(() => now++);
  const seen = new Set(Array.from({ length: 1000 }, clock));
  expect(seen.size).toBeGreaterThan(10);
});
