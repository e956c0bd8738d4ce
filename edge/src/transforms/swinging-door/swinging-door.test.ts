import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStream, TransformRig, type CarriedReading } from '../../testing/transform-case.ts';

const series = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 30 }),
      fc.oneof(fc.double({ min: -3, max: 3, noNaN: true }), fc.constantFrom(0, 0.5, -0.5, 40)),
    ),
    { minLength: 1, maxLength: 120 },
  )
  .map((steps) => {
    let sec = 0;
    let value = 0;
    return steps.map(([pause, change]): [number, number] => [(sec += pause), (value += change)]);
  });

/** How far a reading is from those of its time that were kept, or else from the line between its neighbours. */
function distance(kept: readonly CarriedReading[], sec: number, value: number): number {
  const same = kept.filter(([each]) => each === sec);
  if (same.length > 0) return Math.min(...same.map(([, each]) => Math.abs(each - value)));
  const after = kept.findIndex(([each]) => each > sec);
  const [rightSec, right] = kept[after] ?? [Number.NaN, Number.NaN];
  const [leftSec, left] = kept[after - 1] ?? [Number.NaN, Number.NaN];
  return Math.abs(left + ((right - left) * (sec - leftSec)) / (rightSec - leftSec) - value);
}

describe('swinging-door', () => {
  it('keeps every dropped reading within the deviation of the line through the others, however it is split', () => {
    fc.assert(
      fc.property(
        series,
        fc.double({ min: 0, max: 5, noNaN: true }),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 11 }),
        (readings, deviation, maxIntervalSec, blockRows) => {
          const stages = [{ 'swinging-door': { deviation, maxInterval: `${maxIntervalSec}s` } }];
          const { carried, reasons, differences } = runStream(stages, readings, { blockRows });
          expect(differences).toEqual([]);
          expect(carried.length + (reasons['swinging-door'] ?? 0)).toBe(readings.length);
          for (const [sec, value] of readings)
            expect(distance(carried, sec, value)).toBeLessThanOrEqual(deviation + 1e-9);
          // Readings that go on are farther apart than the interval only where the sensor gave none between.
          carried.slice(1).forEach(([sec], index) => {
            const [before = 0] = carried[index] ?? [];
            const between = readings.some(([each]) => each > before && each < sec);
            if (between) expect(sec - before).toBeLessThanOrEqual(maxIntervalSec);
          });
          expect(runStream(stages, readings).carried).toEqual(carried);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('thins a slow sine to a few readings', () => {
    const readings = Array.from({ length: 1000 }, (_, sec): [number, number] => [
      sec,
      20 + 5 * Math.sin(sec / 160),
    ]);
    const { carried } = runStream([{ 'swinging-door': { deviation: 0.1, maxInterval: '1h' } }], readings);
    expect(carried.length).toBeLessThan(40);
  });

  it('accounts for what it holds as open, and lets it go after the interval without a further reading', () => {
    const transforms = [{ 'swinging-door': { deviation: 1, maxInterval: '10s' } }];
    const rig = new TransformRig({ air: { temperature: { unit: 'Cel', transforms } } });
    rig.emit('air', [0, 1], [[20, 20.1]]);
    expect(rig.seal(9)).toEqual([]);
    expect(rig.carried['air/temperature']).toEqual([[0, 20]]);
    expect(rig.seal(10)).toEqual([]);
    expect(rig.carried['air/temperature']).toEqual([
      [0, 20],
      [1, 20.1],
    ]);
  });

  it('lets what it holds go at an interruption, and passes it through the stages that follow', () => {
    const transforms = [
      { 'swinging-door': { deviation: 1, maxInterval: '10s' } },
      { calibrate: { linear: { scale: 10 } } },
      { range: { max: 202, action: 'uncertain' as const } },
    ];
    const rig = new TransformRig({ air: { temperature: { unit: 'Cel', transforms } } });
    rig.emit('air', [0], [[20]]);
    rig.emit('air', [1], [[20.5]]);
    rig.interrupt('air');
    rig.emit('air', [2], [[21]]);
    expect(rig.finish()).toEqual([]);
    expect(rig.carried['air/temperature']).toEqual([
      [0, 200],
      [1, 205, 'uncertain'],
      [2, 210, 'uncertain'],
    ]);
  });

  it('loses nothing to times that repeat or run back', () => {
    const times = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: -2, max: 2 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 4 }), (given, blockRows) => {
        const readings = given.map(([sec, value]): [number, number] => [sec, value]);
        const { carried, reasons, differences } = runStream(
          [{ 'swinging-door': { deviation: 1 } }],
          readings,
          { blockRows },
        );
        expect(differences).toEqual([]);
        expect(carried.length + (reasons['swinging-door'] ?? 0)).toBe(readings.length);
      }),
    );
  });
});
