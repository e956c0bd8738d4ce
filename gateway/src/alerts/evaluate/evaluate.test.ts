import type { AlertCondition } from '@fieldline/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRule, type CompiledRule } from './compiled-rule.ts';
import { advance, observe } from './evaluate.ts';
import { distanceM, metresOutside } from './fence.ts';
import { emptyTrack, type Observation, type Track, type Transition } from './track.ts';

const second = 1e6;

function compile(condition: AlertCondition, holdFor = '0s'): CompiledRule {
  const compiled = compileRule({ condition, for: holdFor });
  if (!compiled.ok) throw new Error(compiled.refusal.detail);
  return compiled.value;
}

/** Times in seconds. */
function series(...points: [t: number, value: number][]): Observation[] {
  return points.map(([t, value]) => ({ tUs: t * second, value }));
}

function run(rule: CompiledRule, observations: readonly Observation[], start: Track = emptyTrack) {
  let track = start;
  const all: Transition[] = [];
  for (const observation of observations) {
    const step = observe(rule, track, observation);
    track = step.track;
    all.push(...step.transitions);
  }
  return { track, all, told: all.map(({ to, atUs }) => `${to} ${atUs / second}`) };
}

const above30 = { kind: 'threshold', streams: '*', is: 'above', limit: 30, clear: 28 } as const;

describe('threshold', () => {
  test('fires after its duration, and is over only within the hysteresis', () => {
    const points = series([0, 20], [10, 31], [15, 29], [20, 32], [30, 29], [40, 27], [50, 27]);
    expect(run(compile(above30, '10s'), points).told).toEqual(['pending 10', 'firing 20', 'resolved 40']);
  });

  test('is cleared unsaid where it did not hold', () => {
    expect(run(compile(above30, '10s'), series([0, 31], [5, 28], [20, 28])).told).toEqual([
      'pending 0',
      'cleared 5',
    ]);
  });

  test('below is the mirror of above', () => {
    const below = compile({ kind: 'threshold', streams: '*', is: 'below', limit: 2, clear: 4 });
    expect(run(below, series([0, 3], [1, 1.9], [2, 3], [3, 4])).told).toEqual([
      'pending 1',
      'firing 1',
      'resolved 3',
    ]);
  });

  test('silence fires nothing: a duration counts from reading to reading', () => {
    const rule = compile(above30, '10s');
    const { track } = run(rule, series([0, 31]));
    expect(advance(rule, track, 1000 * second).transitions).toEqual([]);
    expect(observe(rule, track, { tUs: 1000 * second, value: 20 }).transitions).toMatchObject([
      { to: 'cleared' },
    ]);
  });

  test('a reading older than the newest changes nothing', () => {
    const rule = compile(above30);
    const { track } = run(rule, series([10, 20]));
    expect(observe(rule, track, { tUs: 5 * second, value: 99 })).toEqual({ track, transitions: [] });
  });
});

test('a rate is taken over the time that really lies between', () => {
  const rate = (is: 'rising' | 'falling' | 'changing') =>
    compile({ kind: 'rate', streams: '*', is, limitPerSec: 1, clearPerSec: 0.5, over: '10s' });
  const up = series([0, 0], [10, 5], [20, 16], [30, 17], [60, 17]);
  expect(run(rate('rising'), up).told).toEqual(['pending 20', 'firing 20', 'resolved 30']);
  expect(run(rate('falling'), up).told).toEqual([]);
  const down = up.map(({ tUs, value }) => ({ tUs, value: -value }));
  expect(run(rate('falling'), down).told).toEqual(run(rate('rising'), up).told);
  expect(run(rate('changing'), down).told).toEqual(run(rate('rising'), up).told);
});

test('what a rate remembers stays small, whatever the pace of readings', () => {
  const rule = compile({ kind: 'rate', streams: '*', is: 'rising', limitPerSec: 1e9, over: '10s' });
  const fast = Array.from({ length: 5000 }, (_, index) => ({ tUs: index * 10_000, value: index }));
  const { track } = run(rule, fast);
  expect(track.past?.length).toBeLessThanOrEqual(102);
  expect(track.lastValue).toBeCloseTo(100, 5);
});

test('stuck is a value that was not left for too long', () => {
  const rule = compile({ kind: 'stuck', streams: '*', after: '10s', tolerance: 0.25 });
  const points = series([0, 1], [5, 1.05], [9, 2], [15, 2.1], [19, 1.95], [20, 2], [21, 3]);
  expect(run(rule, points).told).toEqual(['pending 19', 'firing 19', 'resolved 21']);
});

test('silence fires by the clock, at the instant at which it was too long', () => {
  const rule = compile({ kind: 'no-data', streams: '*', after: '10s' }, '5s');
  const { track } = run(rule, series([0, 1]));
  expect(advance(rule, track, 9 * second).transitions).toEqual([]);
  expect(advance(rule, track, 100 * second).transitions).toMatchObject([
    { to: 'pending', atUs: 10 * second },
    { to: 'firing', atUs: 15 * second },
  ]);
  expect(run(rule, series([0, 1], [12, 1], [40, 1])).told).toEqual([
    'pending 10',
    'cleared 12',
    'pending 22',
    'firing 27',
    'resolved 40',
  ]);
});

test.each<[string, AlertCondition, string]>([
  ['clear', { ...above30, clear: 31 }, '0s'],
  [
    'clearPerSec',
    { kind: 'rate', streams: '*', is: 'rising', limitPerSec: 1, clearPerSec: 2, over: '1s' },
    '0s',
  ],
  ['over', { kind: 'rate', streams: '*', is: 'rising', limitPerSec: 1, over: '0s' }, '0s'],
  ['after', { kind: 'stuck', streams: '*', after: '0s' }, '0s'],
  ['after', { kind: 'no-data', streams: '*', after: '9000d' }, '0s'],
  ['for', above30, '0.1us'],
])('refuses a rule whose %s makes no sense', (key, condition, holdFor) => {
  expect(compileRule({ condition, for: holdFor })).toMatchObject({
    ok: false,
    refusal: { code: 'ALERT_RULE_INVALID', detail: expect.stringContaining(`${key}:`) },
  });
});

const conditions: fc.Arbitrary<CompiledRule> = fc
  .record({
    condition: fc.oneof(
      fc
        .record({ limit: fc.integer({ min: -5, max: 5 }), band: fc.nat(3), above: fc.boolean() })
        .map(({ limit, band, above }) => ({
          kind: 'threshold' as const,
          streams: '*',
          is: above ? ('above' as const) : ('below' as const),
          limit,
          clear: above ? limit - band : limit + band,
        })),
      fc.constantFrom<AlertCondition>(
        { kind: 'rate', streams: '*', is: 'changing', limitPerSec: 0.5, clearPerSec: 0.2, over: '4s' },
        { kind: 'stuck', streams: '*', after: '6s', tolerance: 1 },
        { kind: 'no-data', streams: '*', after: '3s' },
      ),
    ),
    holdFor: fc.nat(5),
  })
  .map(({ condition, holdFor }) => compile(condition, `${holdFor}s`));

const readings = fc
  .array(fc.record({ gap: fc.nat(8), value: fc.integer({ min: -8, max: 8 }) }), { maxLength: 60 })
  .map((steps) => {
    let tUs = 0;
    return steps.map(({ gap, value }) => ({ tUs: (tUs += gap * second), value }));
  });

test('live evaluation, cut and resumed anywhere, with a clock that ticks, is the back-test of the same readings', () => {
  fc.assert(
    fc.property(
      conditions,
      readings,
      fc.array(fc.boolean()),
      fc.array(fc.nat(8)),
      (rule, all, cuts, ticks) => {
        const tested = run(rule, all);
        const live: Transition[] = [];
        let track: Track = emptyTrack;
        all.forEach((observation, index) => {
          // The clock is never ahead of a reading that is still to come.
          const nowUs = Math.min(observation.tUs, (all[index - 1]?.tUs ?? 0) + (ticks[index] ?? 0) * second);
          const ticked = advance(rule, track, nowUs);
          const step = observe(rule, ticked.track, observation);
          live.push(...ticked.transitions, ...step.transitions);
          // A restart: all that is known comes back from JSON.
          track = cuts[index] ? (JSON.parse(JSON.stringify(step.track)) as Track) : step.track;
        });
        expect(live).toEqual(tested.all);
        expect(track).toEqual(tested.track);
      },
    ),
  );
});

test('an alert begins, fires and ends in that order, whatever comes', () => {
  fc.assert(
    fc.property(conditions, readings, (rule, all) => {
      const words = run(rule, all)
        .all.map(({ to }) => to[0])
        .join('');
      expect(words).toMatch(/^(p(c|fr))*(pf?)?$/);
    }),
  );
});

describe('fence', () => {
  const square = {
    shape: 'polygon' as const,
    points: [
      [47, 8],
      [47, 9],
      [48, 9],
      [48, 8],
    ] as [number, number][],
  };

  test('a circle is measured from its edge', () => {
    const fence = { shape: 'circle' as const, lat: 47, lon: 8, radiusM: 1000 };
    expect(metresOutside(fence, 47, 8)).toBe(-1000);
    // One degree of latitude on the mean sphere: 111 195 m.
    expect(metresOutside(fence, 48, 8)).toBeCloseTo(110_195, -1);
    expect(distanceM(47, 179.5, 47, -179.5)).toBeCloseTo(distanceM(47, 8, 47, 9), 3);
  });

  test('a polygon, given in either direction, is left over its nearest edge', () => {
    const other = { ...square, points: square.points.toReversed() };
    for (const fence of [square, other]) {
      expect(metresOutside(fence, 47.1, 8.5)).toBeCloseTo(-11_119.5, 0);
      expect(metresOutside(fence, 46.9, 8.5)).toBeCloseTo(11_119.5, 0);
      expect(metresOutside(fence, 46.9, 7.9)).toBeGreaterThan(11_119.5);
    }
  });

  test('inside and outside agree with the plain comparison for a square', () => {
    const near = fc.double({ min: -0.5, max: 1.5, noNaN: true });
    fc.assert(
      fc.property(near, near, (north, east) => {
        const inside = north > 0 && north < 1 && east > 0 && east < 1;
        const metres = metresOutside(square, 47 + north, 8 + east);
        if (Math.abs(metres) > 0.001) expect(metres < 0).toBe(inside);
      }),
    );
  });
});
