import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TransformRig } from '../../testing/transform-case.ts';
import { distanceM, isInside } from './zone.ts';

const zone = { name: 'home', lat: 47.3769, lon: 8.5417, radius: 500 };
const position = fc.record({
  lat: fc.double({ min: 47.36, max: 47.39, noNaN: true }),
  lon: fc.double({ min: 8.52, max: 8.56, noNaN: true }),
});

describe('a zone', () => {
  it('measures as geodesists do: a degree of latitude is some 111.2 km, one of longitude shrinks', () => {
    expect(distanceM(0, 0, 1, 0)).toBeCloseTo(111_195, 0);
    expect(distanceM(60, 0, 60, 1)).toBeCloseTo(55_597, -1);
    expect(distanceM(0, 179.5, 0, -179.5)).toBeCloseTo(111_195, 0);
  });

  it('holds a position that is not known', () => {
    expect(isInside([{ ...zone, radiusM: 1 }], Number.NaN, 8)).toBe(true);
    expect(isInside([{ ...zone, radiusM: 1 }], 47, Number.POSITIVE_INFINITY)).toBe(true);
  });
});

describe('privacy', () => {
  it('lets nothing out of a zone, whatever comes after it, in blocks of any length', () => {
    const { radius, ...place } = zone;
    fc.assert(
      fc.property(fc.array(position, { minLength: 1, maxLength: 30 }), (fixes) => {
        const transforms = [{ privacy: { zones: [zone] } }, { deadband: { absolute: 0, heartbeat: '1ms' } }];
        const rig = new TransformRig({
          car: { lat: { unit: 'lat', transforms }, lon: { unit: 'lon', transforms } },
        });
        const sec = fixes.map((_, index) => index);
        rig.emit('car', sec, [fixes.map(({ lat }) => lat), fixes.map(({ lon }) => lon)]);
        expect(rig.finish()).toEqual([]);
        const inside = fixes.map(({ lat, lon }) => isInside([{ ...place, radiusM: radius }], lat, lon));
        const open = sec.filter((index) => inside[index] === false);
        for (const quantity of ['lat', 'lon'])
          expect((rig.carried[`car/${quantity}`] ?? []).map(([at]) => at)).toEqual(open);
      }),
    );
  });
});
