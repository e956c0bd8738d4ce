import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStream } from '../../testing/transform-case.ts';
import { platinumCel, platinumOhm } from './platinum.ts';
import { interpolate, toTable } from './table.ts';
import { betaCoefficients, thermistorCel, thermistorOhm } from './thermistor.ts';

describe('a platinum thermometer', () => {
  // IEC 60751, table 1 (R0 = 100 Ohm), to the digits that stand there.
  it.each([
    [-200, 18.52],
    [-100, 60.26],
    [-50, 80.31],
    [0, 100],
    [100, 138.51],
    [400, 247.09],
    [850, 390.48],
  ])('has at %d Cel the resistance of the table: %d Ohm', (cel, ohm) => {
    expect(platinumOhm(cel, 100)).toBeCloseTo(ohm, 2);
    expect(platinumCel(ohm, 100)).toBeCloseTo(cel, 1);
  });

  it('gives back every temperature of its range to 1e-6 K, PT100 and PT1000 alike', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -200, max: 850, noNaN: true }),
        fc.constantFrom(100, 1000),
        (cel, nominal) => {
          expect(Math.abs(platinumCel(platinumOhm(cel, nominal), nominal) - cel)).toBeLessThan(1e-6);
        },
      ),
    );
  });

  it('has no temperature outside of its range', () => {
    for (const ohm of [-1, 0, 18.4, 391, 1e9, Number.POSITIVE_INFINITY])
      expect(platinumCel(ohm, 100)).toBeNaN();
  });
});

describe('a thermistor', () => {
  // The usual coefficients of 10 kOhm thermistors; 25 Cel at 10 kOhm.
  const coefficients = { a: 1.129241e-3, b: 2.341077e-4, c: 8.775468e-8 };

  it('has its nominal resistance at its nominal temperature', () => {
    expect(thermistorCel(10_000, coefficients)).toBeCloseTo(25, 1);
    expect(thermistorCel(10_000, betaCoefficients(3950, 10_000, 25))).toBeCloseTo(25, 9);
  });

  it('gives back every temperature from -80 to 200 Cel, by three coefficients and by B', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -80, max: 200, noNaN: true }),
        fc.constantFrom(coefficients, betaCoefficients(3950, 10_000, 25)),
        (cel, each) => {
          expect(Math.abs(thermistorCel(thermistorOhm(cel, each), each) - cel)).toBeLessThan(1e-6);
        },
      ),
    );
  });

  it('has no temperature without a resistance', () => {
    for (const ohm of [0, -5, Number.NaN]) expect(thermistorCel(ohm, coefficients)).toBeNaN();
  });
});

describe('a table', () => {
  const points = fc.uniqueArray(
    fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.double({ min: -1e3, max: 1e3, noNaN: true })),
    { minLength: 2, maxLength: 30, selector: ([x]) => x },
  );

  it('gives its points exactly, and between two of them nothing outside of both', () => {
    fc.assert(
      fc.property(points, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const table = toTable(given);
        if (!table.ok) throw new TypeError(table.refusal.detail);
        for (const [x, y] of given) expect(interpolate(table.value, x, 'drop')).toBeCloseTo(y, 9);
        const [first, second] = [...given].sort(([one], [other]) => one - other);
        if (!first || !second) return;
        const y = interpolate(table.value, first[0] + share * (second[0] - first[0]), 'drop');
        expect(y).toBeGreaterThanOrEqual(Math.min(first[1], second[1]) - 1e-9);
        expect(y).toBeLessThanOrEqual(Math.max(first[1], second[1]) + 1e-9);
      }),
    );
  });

  it('drops, clamps or extrapolates what is outside', () => {
    const table = toTable([
      [10, 100],
      [0, 0],
    ]);
    if (!table.ok) throw new TypeError(table.refusal.detail);
    expect(interpolate(table.value, 11, 'drop')).toBeNaN();
    expect(interpolate(table.value, 11, 'clamp')).toBe(100);
    expect(interpolate(table.value, 11, 'extrapolate')).toBeCloseTo(110, 9);
    expect(interpolate(table.value, -1, 'extrapolate')).toBeCloseTo(-10, 9);
  });
});

describe('calibrate', () => {
  it('undoes a divider on either side', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        fc.constantFrom('low', 'high'),
        (ohm, sensor) => {
          const side = sensor === 'low' ? ('low' as const) : ('high' as const);
          const volts = (3.3 * (side === 'low' ? ohm : 4700)) / (ohm + 4700);
          const divider = { supply: 3.3, resistor: 4700, sensor: side };
          const { carried, unit } = runStream([{ calibrate: { divider } }], [[0, volts]], { unit: 'V' });
          expect(unit).toBe('Ohm');
          expect((carried[0]?.[1] ?? 0) / ohm).toBeCloseTo(1, 8);
        },
      ),
    );
  });

  it('computes a polynomial, and counts what becomes too large for a number', () => {
    const stages = [{ calibrate: { polynomial: { coefficients: [1, -2, 0.5] } } }];
    const { carried, reasons, differences } = runStream(stages, [
      [0, 4],
      [1, 1e200],
    ]);
    expect(carried).toEqual([[0, 1]]);
    expect(reasons).toEqual({ overflow: 1 });
    expect(differences).toEqual([]);
  });

  it('scales and shifts in place, NaN aside', () => {
    const { carried, reasons } = runStream(
      [{ calibrate: { linear: { scale: 2, offset: 1 } } }],
      [
        [0, 3],
        [1, Number.NaN],
        [2, 1e308],
      ],
    );
    expect(carried).toEqual([[0, 7]]);
    expect(reasons).toEqual({ 'non-finite': 1, overflow: 1 });
  });
});
