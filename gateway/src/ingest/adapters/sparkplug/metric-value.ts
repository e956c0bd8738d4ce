import type { Metric } from './payload.ts';

/** Data types of Sparkplug 3.0, section 6.4.16, that hold a number. */
const signedBits: Readonly<Record<number, number>> = { 1: 8, 2: 16, 3: 32, 4: 64 };
const numeric: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

/** Whether metrics of this type are readings: numbers and truth values; texts, times, tables and files are none. */
export function isNumeric(datatype: number): boolean {
  return numeric.has(datatype);
}

/**
 * The number of a metric. Signed integers travel as two's complement in unsigned fields (section 6.4.16);
 * undefined where a double cannot hold the number exactly, or where it is none.
 */
export function metricNumber({ value }: Pick<Metric, 'value'>, datatype: number): number | undefined {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const bits = signedBits[datatype];
  const whole =
    bits === undefined || (typeof value === 'number' && !Number.isInteger(value))
      ? value
      : BigInt.asIntN(bits, BigInt(value));
  const number = Number(whole);
  const isExact = typeof whole === 'number' || Number.isSafeInteger(number);
  return isExact && Number.isFinite(number) ? number : undefined;
}
