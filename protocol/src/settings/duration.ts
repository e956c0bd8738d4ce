import { accepted, refused, type Result } from '../errors/index.ts';

/** Units of durations in configuration, with their length in µs, longest first. */
const unitsUs: readonly (readonly [unit: string, us: number])[] = [
  ['d', 86_400_000_000],
  ['h', 3_600_000_000],
  ['m', 60_000_000],
  ['s', 1_000_000],
  ['ms', 1_000],
  ['us', 1],
];

const pattern = /^(\d{1,15}(?:\.\d{1,9})?)(d|h|m|s|ms|us)$/;

/**
 * Reads a duration with its unit: `250ms`, `10s`, `1.5h`, `30d`; whole microseconds, 0 to 2^53 - 1.
 * Refuses everything else with `CONFIG_INVALID_VALUE`.
 */
export function parseDuration(text: string): Result<number> {
  const match = pattern.exec(text);
  const unitUs = unitsUs.find(([unit]) => unit === match?.[2])?.[1];
  if (!match || unitUs === undefined) {
    return refused(
      'CONFIG_INVALID_VALUE',
      `${JSON.stringify(text)} is not a duration such as 250ms, 10s, 1m, 1h or 30d`,
    );
  }
  const us = Number(match[1]) * unitUs;
  // 0.0023 s is 2299.9999999999995 µs in doubles: what is that near to a whole number is meant to be it.
  const rounded = Math.round(us);
  if (!Number.isSafeInteger(rounded) || Math.abs(us - rounded) > 1e-6 * Math.max(1, us / 1e6)) {
    return refused('CONFIG_INVALID_VALUE', `${text} is not a whole number of microseconds in range`);
  }
  return accepted(rounded);
}

/** Writes `us` (whole microseconds, not negative) in the longest unit that divides it: `10s`, `90m`, `0s`. */
export function formatDuration(us: number): string {
  if (us === 0) return '0s';
  for (const [unit, unitUs] of unitsUs) {
    if (us % unitUs === 0) return `${us / unitUs}${unit}`;
  }
  return `${us}us`;
}
