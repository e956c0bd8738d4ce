import { describe, expect, it } from 'vitest';
import { SamplingGauge } from './sampling-gauge.ts';

const none = Number.POSITIVE_INFINITY;

/** Times of `count` samples, `intervalUs` apart. */
const times = (count: number, intervalUs: number, fromUs = 1e15): Float64Array =>
  Float64Array.from({ length: count }, (_, row) => fromUs + row * intervalUs);

describe('the figures of sampling', () => {
  it('give the rate as it is, not as it is called', () => {
    const gauge = new SamplingGauge(1);
    gauge.expect(1000);
    gauge.times(times(10_500, 1010));
    expect(gauge.figures().rateHz).toBeCloseTo(1e6 / 1010, 6);
    expect(gauge.figures().samples).toBe(10_500);
  });

  it('give the 99th percentile of the jitter within an eighth', () => {
    const gauge = new SamplingGauge(1);
    gauge.expect(1000);
    // Each fiftieth sample comes 200 µs late, so that four intervals of a hundred are off.
    gauge.times(times(11_000, 1000).map((t, row) => (row % 50 === 0 ? t + 200 : t)));
    expect(gauge.figures().jitterUsP99).toBeGreaterThanOrEqual(200);
    expect(gauge.figures().jitterUsP99).toBeLessThan(226);
  });

  it('find the usual interval where nothing tells it', () => {
    const gauge = new SamplingGauge(1);
    gauge.times(times(100, 777));
    const gaps: number[][] = [];
    gauge.times(times(10, 777, 1e15 + 102 * 777), (fromUs, toUs) => gaps.push([fromUs - 1e15, toUs - 1e15]));
    expect(gauge.figures().missed).toBe(2);
    expect(gaps).toEqual([[99 * 777, 102 * 777]]);
  });

  it('take a pause of years for a clock that was set', () => {
    const gauge = new SamplingGauge(1);
    gauge.expect(1000);
    gauge.times(times(10, 1000));
    gauge.times(times(10, 1000, 2e15));
    expect(gauge.figures().missed).toBe(0);
  });

  it('take missed samples from a counter, and the rate from the times they were given', () => {
    const gauge = new SamplingGauge(1);
    for (let block = 0; block < 12; block++)
      gauge.counted(1000, block === 5 ? 3 : 0, 1e15 + (block + 1) * 1e6);
    expect(gauge.figures()).toMatchObject({
      rateHz: 1000,
      missed: 3,
      samples: 12_000,
      jitterUsP99: undefined,
    });
  });

  it('count values at the rails', () => {
    const gauge = new SamplingGauge(2);
    const t = times(4, 1000);
    gauge.values(0, t, Float64Array.of(-2048, 0, 2047, 5000), -2048, 2047);
    gauge.values(1, t, Float64Array.of(1, 2, 3, 4), -none, none);
    expect(gauge.figures().saturated).toBe(3);
  });

  it('count values of a channel that has not changed for ten seconds, across blocks', () => {
    const gauge = new SamplingGauge(2);
    for (let block = 0; block < 12; block++) {
      const t = times(100, 10_000, 1e15 + block * 1e6);
      gauge.values(0, t, new Float64Array(100).fill(7), -none, none);
      gauge.values(
        1,
        t,
        Float64Array.from(t, (_, row) => row % 2),
        -none,
        none,
      );
    }
    expect(gauge.figures().stuck).toBe(200);
    gauge.values(0, times(1, 1, 1e15 + 12e6), Float64Array.of(8), -none, none);
    gauge.values(0, times(1, 1, 1e15 + 13e6), Float64Array.of(8), -none, none);
    expect(gauge.figures().stuck).toBe(200);
  });
});
