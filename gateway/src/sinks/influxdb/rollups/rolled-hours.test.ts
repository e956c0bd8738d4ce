import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hourUs } from './grains.ts';
import { hourOf, RolledHours, staleHoursMax } from './rolled-hours.ts';

const h = (hours: number): number => hours * hourUs;

test('what is rolled up is whole until readings come for it', () => {
  const rolled = new RolledHours();
  expect(rolled.whole('s', 0, h(5))).toEqual([]);
  rolled.advanced('s', h(4), 10);
  expect(rolled.whole('s', 0, h(9))).toEqual([[0, h(4)]]);
  rolled.touched('s', h(1.5), h(1.6));
  rolled.touched('s', h(3.9), h(7));
  rolled.touched('s', h(4), h(5));
  expect(rolled.whole('s', 0, h(9))).toEqual([
    [0, h(1)],
    [h(2), h(3)],
  ]);
  expect(new RolledHours(rolled.state()).whole('s', h(2), h(3))).toEqual([[h(2), h(3)]]);
  expect(rolled.stale('s')).toBe(h(1));
  rolled.refreshed('s', h(1));
  expect(rolled.whole('s', 0, h(9))).toEqual([[0, h(3)]]);
});

test('too many stale hours make it begin anew at the first of them', () => {
  const rolled = new RolledHours();
  rolled.advanced('s', h(staleHoursMax * 2), 0);
  rolled.touched('s', h(staleHoursMax), h(staleHoursMax));
  rolled.touched('s', h(7), h(7 + staleHoursMax));
  expect(rolled.whole('s', 0, h(1e6))).toEqual([[0, h(7)]]);
  expect(rolled.stale('s')).toBeUndefined();
});

test('never calls an hour whole that had readings after it was rolled up', () => {
  const touch = fc.tuple(
    fc.double({ min: 0, max: 30, noNaN: true }),
    fc.double({ min: 0, max: 3, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 24 }), fc.array(touch, { maxLength: 20 }), (until, touches) => {
      const rolled = new RolledHours();
      rolled.advanced('s', h(until), 0);
      const had = new Set<number>();
      for (const [from, length] of touches) {
        const [firstUs, lastUs] = [Math.floor(h(from)), Math.floor(h(from + length))];
        rolled.touched('s', firstUs, lastUs);
        for (let startUs = hourOf(firstUs); startUs <= lastUs; startUs += hourUs) had.add(startUs);
      }
      const whole = rolled.whole('s', 0, h(40));
      for (let hour = 0; hour < 40; hour++) {
        const isWhole = whole.some(([fromUs, toUs]) => fromUs <= h(hour) && h(hour) < toUs);
        expect(isWhole).toBe(hour < until && !had.has(h(hour)));
      }
    }),
  );
});

test('hours whose readings are gone are not rolled up again', () => {
  const rolled = new RolledHours();
  rolled.advanced('s', h(10), 0);
  expect([rolled.isWhole('s', h(10)), rolled.isWhole('s', h(11)), rolled.isWhole('other', h(1))]).toEqual([
    true,
    false,
    false,
  ]);
  rolled.retired(h(5));
  rolled.touched('s', h(2), h(3));
  expect(rolled.stale('s')).toBeUndefined();
  rolled.touched('s', h(2), h(6.5));
  expect(rolled.stale('s')).toBe(h(5));
  expect([rolled.isWhole('s', h(5)), rolled.isWhole('s', h(6))]).toEqual([true, false]);
  expect([rolled.untilUs('other'), rolled.isWhole('other', h(5))]).toEqual([h(5), true]);
});

test('the first hour that rollups do not hold is named: one that had readings since, else the next', () => {
  const rolled = new RolledHours();
  expect(rolled.lacking('s', h(4))).toEqual({ startUs: undefined, isStale: false });
  rolled.advanced('s', h(4), 0);
  expect(rolled.lacking('s', h(4))).toBeUndefined();
  expect(rolled.lacking('s', h(5))).toEqual({ startUs: h(4), isStale: false });
  rolled.touched('s', h(3), h(3));
  rolled.touched('s', h(1), h(1));
  expect(rolled.lacking('s', h(5))).toEqual({ startUs: h(1), isStale: true });
  expect(rolled.lacking('s', h(1))).toBeUndefined();
  rolled.retired(h(2));
  expect(rolled.lacking('s', h(2))).toBeUndefined();
  expect(rolled.lacking('other', h(3))).toEqual({ startUs: h(2), isStale: false });
});
