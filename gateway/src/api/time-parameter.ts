/**
 * Reads a time of a query string: an integer of microseconds UTC, or RFC 3339 (`2026-11-23T04:36:00Z`).
 * Undefined where it is neither.
 */
export function timeParameterUs(text: string): number | undefined {
  if (/^-?\d{1,16}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms * 1000;
}
