import { expect, test } from 'vitest';
import { TimeSamples } from './time-samples.ts';

function kept(times: number): number[] {
  const samples = new TimeSamples();
  for (let time = 0; time < times; time++) samples.take(time);
  return [...samples.kept];
}

test('a hundred times are all kept', () => {
  expect(kept(0)).toEqual([]);
  expect(kept(100)).toEqual(Array.from({ length: 100 }, (_, index) => index));
});

test.each([101, 199, 200, 201, 12_345])('of %d times at least fifty are kept, evenly taken', (times) => {
  const samples = kept(times);
  expect(samples.length).toBeGreaterThanOrEqual(50);
  expect(samples.length).toBeLessThanOrEqual(100);
  const every = samples[1]! - samples[0]!;
  expect(samples).toEqual(Array.from({ length: Math.ceil(times / every) }, (_, index) => index * every));
});

test('once cleared, all are kept again', () => {
  const samples = new TimeSamples();
  for (let time = 0; time < 1000; time++) samples.take(time);
  samples.clear();
  for (const time of [7, 8, 9]) samples.take(time);
  expect([...samples.kept]).toEqual([7, 8, 9]);
});
