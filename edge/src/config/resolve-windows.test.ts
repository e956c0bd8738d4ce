import { describe, expect, it } from 'vitest';
import { resolveWindows } from './resolve-windows.ts';
import type { WindowKeys } from './window-keys.ts';

const driver = { window: '1s', sketch: true };
const paths = { ownPath: ['streams', 'x'], sensorPath: ['sensors', 0] };

function planOf(own: WindowKeys, sensor: WindowKeys = {}): ReturnType<typeof resolveWindows>['plan'] {
  const { plan, problems } = resolveWindows({ own, sensor, driver, ...paths });
  expect(problems).toEqual([]);
  return plan;
}

describe('the windows of a stream', () => {
  it('are the driver’s, else the sensor’s, else its own', () => {
    expect(planOf({})).toEqual({ window: '1s', windowUs: 1e6, sketch: true });
    expect(planOf({}, { window: 'none', sketch: false })).toMatchObject({
      windowUs: 0,
      sketch: false,
    });
    expect(planOf({ window: '10s' }, { window: 'none' })).toMatchObject({ window: '10s', windowUs: 1e7 });
  });

  it('may be cut by count and by pauses', () => {
    expect(planOf({ window: 'count:100' }).shape).toEqual({ kind: 'count', readings: 100 });
    expect(planOf({ window: 'session' }).shape).toEqual({ kind: 'session', gapUs: 3e7, maxUs: 3.6e9 });
    expect(planOf({ sessionGap: '5s' }, { window: 'session' }).shape).toMatchObject({ gapUs: 5e6 });
  });

  it('carry a sketch where the statistics name a quantile, unless it is said otherwise', () => {
    expect(planOf({ statistics: ['mean', 'peak-to-peak'] }).sketch).toBe(false);
    expect(planOf({ statistics: ['p99.9'] }, { sketch: false }).sketch).toBe(true);
    expect(planOf({ statistics: ['histogram'] }, { sketch: false }).sketch).toBe(true);
    expect(planOf({ statistics: ['p99.9'], sketch: false }).sketch).toBe(false);
    expect(planOf({ accuracy: 0.002 }).accuracy).toBe(0.002);
  });

  it('have hopping ones and bursts beside them', () => {
    expect(planOf({ hopping: { length: '60s', every: '10s' } }).hopping).toEqual({
      window: 'hop:1m:10s',
      lengthUs: 6e7,
      everyUs: 1e7,
    });
    expect(planOf({ burst: { level: { value: 3 } } }).burst).toEqual({
      beforeUs: 1e5,
      afterUs: 1e5,
      ringSamples: 65_536,
      trigger: { kind: 'level', level: 3, hysteresis: 0, edge: 'rising' },
    });
    expect(planOf({ burst: { slope: -5, before: '0s' } }).burst?.trigger).toEqual({
      kind: 'slope',
      perSec: -5,
    });
    expect(planOf({ burst: { zScore: { z: 6 } } }).burst?.trigger).toMatchObject({ samples: 1000 });
    expect(planOf({ burst: {} }).burst?.trigger).toBeUndefined();
  });

  it.each<[WindowKeys, string, RegExp]>([
    [{ window: 'count:0' }, 'window', /count:0 is not count:1 to/],
    [{ window: 'count:20000000' }, 'window', /is not count:1 to/],
    [{ window: 'often' }, 'window', /often/],
    [{ window: 'session', sessionGap: '0s' }, 'sessionGap', /0s is not between/],
    [{ hopping: { length: '1h', every: '999ms' } }, 'hopping', /needs 400000 parts a window; at most 1000/],
    [{ hopping: { length: '1m', every: '0s' } }, 'hopping.every', /0s is not between/],
    [{ burst: { level: { value: 1 }, slope: 5 } }, 'burst', /one trigger/],
    [{ burst: { slope: 0 } }, 'burst.slope', /slope of 0/],
    [{ burst: { after: '2h' } }, 'burst.after', /2h is not between/],
  ])('%j are refused where they were written', (keys, path, reason) => {
    const { problems } = resolveWindows({ own: keys, sensor: {}, driver, ...paths });
    const [problem] = problems;
    expect(problem?.path.join('.')).toBe(`streams.x.${path}`);
    expect(problem?.reason).toMatch(reason);
    const ofSensor = resolveWindows({ own: {}, sensor: keys, driver, ...paths }).problems[0];
    expect(ofSensor?.path.join('.')).toBe(`sensors.0.${path}`);
  });
});
