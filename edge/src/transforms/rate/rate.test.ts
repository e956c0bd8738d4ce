import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStream } from '../../testing/transform-case.ts';

describe('rate', () => {
  it('of a counter is exact across any number of wraps, while it rises by less than half a turn', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(256, 65_536, 4_294_967_296),
        fc.nat(),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 0.499, noNaN: true })), {
          minLength: 1,
          maxLength: 50,
        }),
        fc.integer({ min: 1, max: 6 }),
        (wrap, start, steps, blockRows) => {
          let sec = 0;
          let value = start % wrap;
          const readings: [number, number][] = [[sec, value]];
          const expected = steps.map(([pause, share]) => {
            const rise = Math.floor(share * wrap);
            sec += pause;
            value = (value + rise) % wrap;
            readings.push([sec, value]);
            return rise / pause;
          });
          const stages = [{ rate: { counter: true, wrap } }];
          const { carried, reasons, unit } = runStream(stages, readings, { unit: 'count', blockRows });
          expect(unit).toBe('1/s');
          expect(reasons).toEqual({ 'rate-start': 1 });
          expect(carried).toHaveLength(expected.length);
          carried.forEach(([, rate], index) => expect(rate).toBeCloseTo(expected[index] ?? Number.NaN, 6));
        },
      ),
    );
  });

  it('integrated again gives back the values', () => {
    const steps = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 60 }), fc.double({ min: -9, max: 9, noNaN: true })),
      {
        minLength: 2,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(steps, (given) => {
        let sec = 0;
        const readings = given.map(([pause, value]): [number, number] => [(sec += pause), value]);
        const { carried } = runStream([{ rate: { per: 'min', unit: 'Cel' } }], readings);
        let value = readings[0]?.[1] ?? Number.NaN;
        let before = readings[0]?.[0] ?? Number.NaN;
        carried.forEach(([at, rate], index) => {
          value += (rate * (at - before)) / 60;
          before = at;
          expect(value).toBeCloseTo(readings[index + 1]?.[1] ?? Number.NaN, 6);
        });
      }),
    );
  });

  it('of a counter that falls without a wrap is none', () => {
    const readings: [number, number][] = [
      [0, 10],
      [1, 3],
      [2, 5],
    ];
    const { carried, reasons } = runStream([{ rate: { counter: true } }], readings, { unit: 'count' });
    expect(carried).toEqual([[2, 2]]);
    expect(reasons).toEqual({ 'rate-start': 1, 'counter-reset': 1 });
  });

  it('starts anew after a pause that is too long, or a clock set back by as much', () => {
    const readings: [number, number][] = [
      [100_000, 1],
      [104_000, 2],
      [10, 3],
      [11, 4],
    ];
    const { carried, reasons } = runStream([{ rate: { unit: 'm/s' } }], readings, { unit: 'm' });
    expect(carried).toEqual([[11, 1]]);
    expect(reasons).toEqual({ 'rate-start': 3 });
  });
});
