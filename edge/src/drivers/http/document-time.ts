/** How a document tells its time: `iso` (ISO 8601), or a count since the Unix epoch. */
export type TimeFormat = 'iso' | 's' | 'ms' | 'us';

const usPerUnit = { s: 1e6, ms: 1000, us: 1 };
const isoPattern = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/i;

/** Microseconds since the Unix epoch; undefined where the value is no time. Without a zone it is UTC. */
export function toTimeUs(value: unknown, format: TimeFormat): number | undefined {
  if (format !== 'iso') {
    const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof count === 'number' && Number.isFinite(count)
      ? Math.round(count * usPerUnit[format])
      : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const match = isoPattern.exec(value);
  if (match === null) return undefined;
  const text = value.replace(' ', 'T').replace(',', '.');
  const ms = Date.parse(match[1] === undefined ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : ms * 1000;
}
