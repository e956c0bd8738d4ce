import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf } from '../gateway-rig.ts';
import { histogramBoundsSec, LatencyHistogram } from './latency-histogram.ts';
import { RateMeter } from './rate-meter.ts';
import { RollingLatency } from './rolling-latency.ts';
import { WayLatency } from './way-latency.ts';

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

test('a histogram counts each latency in every bucket that is long enough for it', () => {
  const histogram = new LatencyHistogram();
  for (const latencyMs of [0.5, 1, 7, 7, 4e6, -3]) histogram.record(latencyMs);
  const at = (sec: number): number | undefined => histogram.cumulative()[histogramBoundsSec.indexOf(sec)];
  expect([at(0.001), at(0.005), at(0.01), at(3600), histogram.count]).toEqual([3, 3, 5, 5, 6]);
  expect(histogram.sumSec).toBeCloseTo(4000.0155, 6);
});

test('the way of a batch is sampled by its middle reading, and a backlog not at all', () => {
  let nowUs = 1_700_000_010_000_000;
  const way = new WayLatency(() => nowUs);
  // Readings at 0, 1 and 2 seconds; sealed at 4, arrived at 10, journaled at 11.
  const batch = { ...batchOf('a', 1, { readings: 3 }), sentAt: 1_700_000_004_000_000 };
  way.arrived(batch);
  way.arrived(batch);
  nowUs += 1_000_000;
  way.journaled(batch, nowUs);
  way.arrived({ ...batch, lane: 'backlog' });
  way.arrived({ ...batch, clock: 'unset' });
  const seconds = [way.outbox, way.uplink, way.journal].map(({ histogram }) => histogram.sumSec);
  expect(seconds).toEqual([3, 9, 10]);
});

test('a histogram takes a block as the same latencies one by one', () => {
  const latency = fc.oneof(fc.double({ min: -5, max: 5e6, noNaN: true }), fc.constantFrom(0, 1, 2.5, 1000));
  fc.assert(
    fc.property(fc.array(latency, { maxLength: 20 }), (latenciesMs) => {
      const block = new LatencyHistogram();
      const single = new LatencyHistogram();
      block.recordBlock(Float64Array.from(latenciesMs));
      for (const latencyMs of latenciesMs) single.record(latencyMs);
      expect(block.cumulative()).toEqual(single.cumulative());
      expect(block.count).toBe(single.count);
      expect(block.sumSec).toBeCloseTo(single.sumSec, 6);
    }),
  );
});
