import fc from 'fast-check';
import { senmlUnits } from '@fieldline/protocol';
import { describe, expect, it } from 'vitest';
import { runStream } from '../../testing/transform-case.ts';
import { conversion, findUnit, unitTable } from './unit-table.ts';

describe('units', () => {
  it('are named once, and each dimension can reach a unit that travels', () => {
    const names = unitTable.map(({ unit }) => unit);
    expect(new Set(names).size).toBe(names.length);
    expect(unitTable.filter(({ base }) => !senmlUnits.has(base))).toEqual([]);
    expect(unitTable.filter(({ base }) => findUnit(base)?.base !== base)).toEqual([]);
  });

  it('convert there and back to the same value', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...unitTable),
        fc.nat(),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        (from, choice, value) => {
          const others = unitTable.filter(({ base }) => base === from.base);
          const to = others[choice % others.length] ?? from;
          const there = conversion(from, to);
          const back = conversion(to, from);
          const result = (value * there.scale + there.offset) * back.scale + back.offset;
          expect(Math.abs(result - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(back.offset)));
        },
      ),
    );
  });

  // NIST SP 811, appendix B.8, to the digits given there.
  it.each([
    [1, 'psi', 6894.757, 'Pa'],
    [1, 'inHg', 3386.389, 'Pa'],
    [1, 'kn', 0.5144444, 'm/s'],
    [60, 'mph', 96.56064, 'km/h'],
    [98.6, 'degF', 37, 'Cel'],
    [0, 'K', -273.15, 'Cel'],
    [1, 'gal', 3.785412, 'l'],
    [180, 'deg', Math.PI, 'rad'],
  ])('know that %d %s are %d %s', (value, from, expected, to) => {
    const { carried } = runStream([{ units: { to } }], [[0, value]], { unit: from });
    expect((carried[0]?.[1] ?? 0) / expected).toBeCloseTo(1, 6);
  });
});
