import { expect, test } from 'vitest';
import { RateMeter } from './rate-meter.ts';
import { RollingLatency } from './rolling-latency.ts';

test('a rate is over the last ten complete seconds', () => {
  let nowMs = 0;
  const meter = new RateMeter(() => nowMs);
  for (; nowMs < 20_000; nowMs += 100) meter.add(5);
  expect(meter.perSec()).toBe(50);
  expect(meter.total).toBe(1000);
  nowMs += 5000;
  expect(meter.perSec()).toBe(25);
  nowMs += 60_000;
  expect(meter.perSec()).toBe(0);
});

test('latencies are those of the last minute or two', () => {
  let nowMs = 0;
  const latency = new RollingLatency(() => nowMs);
  expect(latency.quantiles()).toEqual({ p50: null, p95: null, p99: null });
  latency.record(1000);
  nowMs = 61_000;
  latency.recordBlock(Float64Array.of(1000, 1000));
  expect(latency.quantiles().p50).toBeCloseTo(1000, -2);
  nowMs = 122_000;
  latency.record(10);
  nowMs = 250_000;
  expect(latency.quantiles().p99).toBeNull();
});
