import { unitSuffix } from '@fieldline/protocol/units';

/** How many decimals values of a unit deserve; by magnitude where it is not listed. */
const decimalsOf: ReadonlyMap<string, number> = new Map([
  ['Cel', 2],
  ['K', 2],
  ['V', 3],
  ['mV', 1],
  ['A', 3],
  ['m', 1],
  ['m/s', 2],
  ['m/s2', 3],
  ['deg', 1],
  ['count', 0],
  ['/', 2],
  ['%', 1],
  ['%RH', 1],
  ['%EL', 0],
  ['hPa', 1],
  ['B', 0],
]);

/** A value ready to be shown: the figure, and the unit with its leading space where one is due. */
export interface ShownValue {
  readonly figure: string;
  readonly unit: string;
}

/** Places where no value is known. */
export const absent: ShownValue = { figure: '–', unit: '' };

/** Writes `value`, measured in the SenML unit `unit`, as people do: `{ figure: '23.40', unit: ' °C' }`. */
export function showValue(value: number | null | undefined, unit: string): ShownValue {
  if (value === null || value === undefined || !Number.isFinite(value)) return absent;
  if (unit === 'lat') return showAngle(value, 'N', 'S');
  if (unit === 'lon') return showAngle(value, 'E', 'W');
  const decimals = decimalsOf.get(unit) ?? decimalsByMagnitude(value);
  return { figure: showFigure(value, decimals), unit: unitSuffix(unit) };
}

/** The same in one string: `23.40 °C`. */
export function showValueText(value: number | null | undefined, unit: string): string {
  const shown = showValue(value, unit);
  return shown.figure + shown.unit;
}

/** The unit alone, for the heading of an axis: `°C`. */
export function showUnit(unit: string): string {
  return unitSuffix(unit).trim();
}

/** A figure with `decimals`, thousands apart and a true minus sign (U+2212). */
export function showFigure(value: number, decimals: number): string {
  const text = value.toLocaleString('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return (/[1-9]/.test(text) ? text : text.replace('-', '')).replace('-', '−');
}

/** A number of bytes as people write it: `312 B`, `4.1 kB`, `18 MB`, in powers of 1000. */
export function showSize(sizeBytes: number): string {
  const sizes = ['B', 'kB', 'MB', 'GB'] as const;
  let [size, at] = [sizeBytes, 0];
  for (; size >= 999.5 && at < sizes.length - 1; at += 1) size /= 1000;
  return `${showFigure(size, at > 0 && size < 10 ? 1 : 0)} ${sizes[at]}`;
}

/** An integer with thousands apart. */
export function showCount(value: number): string {
  return showFigure(value, 0);
}

function showAngle(value: number, positive: string, negative: string): ShownValue {
  return { figure: Math.abs(value).toFixed(6), unit: `° ${value < 0 ? negative : positive}` };
}

/** Four significant digits; the figure keeps its width while the value wanders. */
function decimalsByMagnitude(value: number): number {
  const size = Math.abs(value);
  if (size >= 1000) return 0;
  if (size >= 100) return 1;
  if (size >= 10) return 2;
  return size >= 0.1 || size === 0 ? 3 : 5;
}
