import type { JsonValue } from './json-path.ts';

/** `iso`: ISO 8601, UTC where it names no zone; `s`, `ms`, `us`: since 1970. */
export type TimeForm = 'iso' | 's' | 'ms' | 'us';

const factors = { s: 1e6, ms: 1e3, us: 1 } as const;

/** A time in microseconds UTC; undefined where it is none. */
export function readTime(value: JsonValue | undefined, form: TimeForm): number | undefined {
  if (form !== 'iso') return typeof value === 'number' ? whole(value * factors[form]) : undefined;
  if (typeof value !== 'string') return undefined;
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(value);
  return whole(Date.parse(hasZone ? value : `${value}Z`) * 1000);
}

function whole(timeUs: number): number | undefined {
  const rounded = Math.round(timeUs);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}
