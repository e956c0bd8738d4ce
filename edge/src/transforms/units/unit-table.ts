/** One unit: its base unit is `value · scale + offset` of it. */
export interface UnitRow {
  readonly unit: string;
  /** The unit of the SenML registry to which all of a dimension convert. */
  readonly base: string;
  readonly scale: number;
  readonly offset: number;
}

const inchM = 0.0254;
const mileM = 1609.344;
const nauticalMileM = 1852;
const poundKg = 0.45359237;
const standardGravity = 9.80665;

/**
 * What `units` converts, by dimension: [base, [unit, scale] …]. The factors are exact by definition (NIST
 * SP 811, appendix B.8; BIPM, The International System of Units, 9th edition) unless a comment says otherwise.
 */
const dimensions: readonly (readonly [base: string, ...rows: (readonly [string, number, number?])[]])[] = [
  ['Cel', ['K', 1, -273.15], ['degF', 5 / 9, -160 / 9], ['degR', 5 / 9, -273.15]],
  [
    'Pa',
    ['hPa', 100],
    ['mbar', 100],
    ['kPa', 1000],
    ['bar', 1e5],
    ['atm', 101_325],
    ['psi', (poundKg * standardGravity) / inchM ** 2],
    // Conventional, by the density of mercury at 0 °C (NIST SP 811, B.8).
    ['mmHg', 133.322387415],
    ['inHg', 25.4 * 133.322387415],
  ],
  [
    'm',
    ['mm', 1e-3],
    ['cm', 1e-2],
    ['km', 1000],
    ['in', inchM],
    ['ft', 12 * inchM],
    ['mi', mileM],
    ['nmi', nauticalMileM],
  ],
  [
    'm/s',
    ['km/h', 1 / 3.6],
    ['mph', mileM / 3600],
    ['kn', nauticalMileM / 3600],
    ['ft/s', 12 * inchM],
    ['m/h', 1 / 3600],
    ['mm/h', 1 / 3.6e6],
    ['in/h', inchM / 3600],
  ],
  ['m/s2', ['gn', standardGravity]],
  ['kg', ['g', 1e-3], ['lb', poundKg], ['oz', poundKg / 16]],
  ['m3', ['l', 1e-3], ['ml', 1e-6], ['gal', 231 * inchM ** 3]],
  ['m3/s', ['l/s', 1e-3], ['l/min', 1e-3 / 60], ['m3/h', 1 / 3600], ['gal/min', (231 * inchM ** 3) / 60]],
  ['rad', ['deg', Math.PI / 180]],
  ['s', ['ms', 1e-3], ['min', 60], ['h', 3600]],
  ['1/s', ['1/min', 1 / 60], ['rpm', 1 / 60]],
  ['Hz', ['kHz', 1000], ['MHz', 1e6]],
  ['V', ['mV', 1e-3], ['uV', 1e-6], ['kV', 1000]],
  ['A', ['mA', 1e-3], ['uA', 1e-6]],
  ['Ohm', ['kOhm', 1000], ['MOhm', 1e6]],
  ['W', ['mW', 1e-3], ['kW', 1000]],
  ['J', ['kJ', 1000], ['Wh', 3600], ['kWh', 3.6e6]],
  ['T', ['mT', 1e-3], ['uT', 1e-6], ['G', 1e-4]],
  ['/', ['%', 1e-2], ['/100', 1e-2], ['/1000', 1e-3], ['ppm', 1e-6]],
  ['kg/m3', ['ug/m3', 1e-9]],
];

/** Every unit that can be converted, in the order of the reference. */
export const unitTable: readonly UnitRow[] = dimensions.flatMap(([base, ...rows]) => [
  { unit: base, base, scale: 1, offset: 0 },
  ...rows.map(([unit, scale, offset = 0]) => ({ unit, base, scale, offset })),
]);

/** The row of a unit. */
export function findUnit(unit: string): UnitRow | undefined {
  return unitTable.find((row) => row.unit === unit);
}

/** Scale and offset that take values of one unit to another of the same base. */
export function conversion(from: UnitRow, to: UnitRow): { scale: number; offset: number } {
  return { scale: from.scale / to.scale, offset: (from.offset - to.offset) / to.scale };
}
