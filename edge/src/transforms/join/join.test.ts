import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TransformRig } from '../../testing/transform-case.ts';
import { attachLatest, LatestReadings, noteLatest } from './latest-readings.ts';

describe('the latest readings', () => {
  it('are the newest by time, whatever the order, without absent and bad ones', () => {
    const slot = new LatestReadings().slot('position/lat');
    noteLatest(slot, Float64Array.of(1, 2, 3), Float64Array.of(10, 20, Number.NaN));
    expect(slot).toEqual({ tUs: 2, value: 20 });
    noteLatest(slot, Float64Array.of(1), Float64Array.of(11));
    expect(slot).toEqual({ tUs: 2, value: 20 });
    noteLatest(slot, Float64Array.of(4, 5), Float64Array.of(40, 50), Uint8Array.of(1, 2));
    expect(slot).toEqual({ tUs: 4, value: 40 });
  });

  it('are attached to each value within the tolerance, and to nothing else', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.constantFrom(1, Number.NaN))),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 50 }),
        (rows, atUs, toleranceUs) => {
          const t = Float64Array.from(rows, ([each]) => each);
          const v = Float64Array.from(rows, ([, value]) => value);
          const into = new Float64Array(rows.length);
          const count = attachLatest({ tUs: atUs, value: 7 }, toleranceUs, t, v, into);
          const expected = rows.map(([each, value]) =>
            value === 1 && Math.abs(each - atUs) <= toleranceUs ? 7 : Number.NaN,
          );
          expect([...into]).toEqual(expected);
          expect(count).toBe(expected.filter((each) => each === 7).length);
        },
      ),
    );
  });

  it('are none before the first', () => {
    const into = new Float64Array(1);
    expect(
      attachLatest({ tUs: Number.NaN, value: Number.NaN }, 1e9, Float64Array.of(0), Float64Array.of(1), into),
    ).toBe(0);
    expect(into[0]).toBeNaN();
  });
});

describe('join', () => {
  it('attaches to readings that were held back, under an account of its own', () => {
    const transforms = [
      { 'swinging-door': { deviation: 1, maxInterval: '1m' } },
      { join: { sensor: 'position', quantities: ['lat'], as: ['where'], tolerance: '5s' } },
    ];
    const rig = new TransformRig({
      cargo: { temperature: { unit: 'Cel', transforms } },
      position: { lat: { unit: 'lat' } },
    });
    rig.emit('position', [0], [[47]]);
    rig.emit('cargo', [0], [[4]]);
    rig.emit('cargo', [1], [[4.1]]);
    rig.emit('cargo', [2], [[9]]);
    expect(rig.finish()).toEqual([]);
    expect(rig.carried['cargo/where']).toEqual([
      [0, 47],
      [1, 47],
      [2, 47],
    ]);
    expect(rig.ledger.snapshot(new Map())['cargo/where']).toMatchObject({
      taken: 3,
      filtered: 0,
      batched: 3,
    });
  });

  it('goes into windows with its parent', () => {
    const transforms = [{ join: { sensor: 'position', quantities: ['lat'] } }];
    const rig = new TransformRig({
      cargo: { temperature: { unit: 'Cel', transforms, windowSec: 10 } },
      position: { lat: { unit: 'lat' } },
    });
    rig.emit('position', [1], [[47]]);
    rig.emit('cargo', [1, 2], [[4, 5]]);
    expect(rig.finish()).toEqual([]);
    expect(rig.ledger.snapshot(new Map())['cargo/lat']).toMatchObject({ taken: 2, batched: 2 });
  });
});
