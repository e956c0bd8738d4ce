/** How people write a unit, and how many decimals its values deserve. */
interface UnitStyle {
  /** What stands after the figure, with its own space where one is due. */
  readonly suffix: string;
  /** undefined: by magnitude. */
  readonly decimals?: number;
}

/** Units of the SenML registry (RFC 8428 section 12.1, RFC 8798) that people write otherwise. */
const styles: Readonly<Record<string, UnitStyle>> = {
  Cel: { suffix: ' °C', decimals: 2 },
  K: { suffix: ' K', decimals: 2 },
  V: { suffix: ' V', decimals: 3 },
  mV: { suffix: ' mV', decimals: 1 },
  A: { suffix: ' A', decimals: 3 },
  m: { suffix: ' m', decimals: 1 },
  'm/s': { suffix: ' m/s', decimals: 2 },
  'm/s2': { suffix: ' m/s²', decimals: 3 },
  m2: { suffix: ' m²' },
  m3: { suffix: ' m³' },
  'm3/s': { suffix: ' m³/s' },
  l: { suffix: ' L' },
  'l/s': { suffix: ' L/s' },
  deg: { suffix: '°', decimals: 1 },
  lat: { suffix: '°', decimals: 6 },
  lon: { suffix: '°', decimals: 6 },
  count: { suffix: '', decimals: 0 },
  '/': { suffix: '', decimals: 2 },
  '%': { suffix: ' %', decimals: 1 },
  '%RH': { suffix: ' % RH', decimals: 1 },
  '%EL': { suffix: ' %', decimals: 0 },
  hPa: { suffix: ' hPa', decimals: 1 },
  Pa: { suffix: ' Pa' },
  lx: { suffix: ' lx' },
  Ohm: { suffix: ' Ω' },
  s: { suffix: ' s' },
  ms: { suffix: ' ms' },
  B: { suffix: ' B', decimals: 0 },
};

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
  const style = styles[unit];
  return {
    figure: showFigure(value, style?.decimals ?? decimalsByMagnitude(value)),
    unit: style?.suffix ?? (unit === '' ? '' : ` ${unit}`),
  };
}

/** The same in one string: `23.40 °C`. */
export function showValueText(value: number | null | undefined, unit: string): string {
  const shown = showValue(value, unit);
  return shown.figure + shown.unit;
}

/** The unit alone, for the heading of an axis: `°C`. */
export function showUnit(unit: string): string {
  return (styles[unit]?.suffix ?? unit).trim();
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
