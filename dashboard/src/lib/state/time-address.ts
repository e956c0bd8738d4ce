import type { ZoneChoice } from '../format/times.ts';
import type { TimeSpan } from '../series/time-span.ts';

/** Lengths of a living axis that have a button, by their name in the address, in µs. */
export const ranges = {
  '1m': 60e6,
  '5m': 300e6,
  '15m': 900e6,
  '1h': 3600e6,
  '6h': 21_600e6,
  '24h': 86_400e6,
  '7d': 604_800e6,
} as const;

/** The name of a range that has a button. */
export type RangeName = keyof typeof ranges;

/** The range where the address names none. */
export const defaultRange: RangeName = '5m';

/** What the axis shows: the newest `rangeUs`, moving; or a stretch that stands still. */
export type TimeChoice =
  { readonly kind: 'live'; readonly rangeUs: number } | ({ readonly kind: 'frozen' } & TimeSpan);

const unitsUs: Readonly<Record<string, number>> = { ms: 1e3, s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6 };

/** The longest living axis, in µs. */
const longestLiveUs = 366 * 86_400e6;

/** Reads `range`, or `from` and `to`, of an address; what cannot be read is the default. */
export function readTimeChoice(query: URLSearchParams): TimeChoice {
  const fromUs = readTime(query.get('from'));
  const toUs = readTime(query.get('to'));
  if (fromUs !== undefined && toUs !== undefined && fromUs < toUs) return { kind: 'frozen', fromUs, toUs };
  return { kind: 'live', rangeUs: readRange(query.get('range')) ?? ranges[defaultRange] };
}

/** Writes a choice into an address; the default leaves no trace. */
export function writeTimeChoice(query: URLSearchParams, choice: TimeChoice): void {
  for (const key of ['from', 'to', 'range']) query.delete(key);
  if (choice.kind === 'frozen') {
    query.set('from', writeTime(choice.fromUs));
    query.set('to', writeTime(choice.toUs));
  } else if (choice.rangeUs !== ranges[defaultRange]) query.set('range', writeRange(choice.rangeUs));
}

/** The zone that an address asks for; undefined where it leaves the choice to the reader. */
export function readZone(query: URLSearchParams): ZoneChoice | undefined {
  const zone = query.get('tz');
  return zone === 'utc' || zone === 'local' ? zone : undefined;
}

/** The range in the largest unit that holds it whole: `90s`, `15m`. */
export function writeRange(rangeUs: number): string {
  const named = Object.entries(ranges).find(([, lengthUs]) => lengthUs === rangeUs);
  if (named) return named[0];
  const unit = Object.entries(unitsUs).findLast(([, sizeUs]) => rangeUs % sizeUs === 0) ?? ['ms', 1e3];
  return `${Math.round(rangeUs / unit[1])}${unit[0]}`;
}

function readRange(text: string | null): number | undefined {
  const [, figure, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text ?? '') ?? [];
  const rangeUs = Number(figure) * (unitsUs[unit ?? ''] ?? 0);
  return rangeUs > 0 && rangeUs <= longestLiveUs ? rangeUs : undefined;
}

/** RFC 3339 with milliseconds: people can read it, and it says its zone. */
function writeTime(timeUs: number): string {
  return new Date(Math.round(timeUs / 1000)).toISOString();
}

function readTime(text: string | null): number | undefined {
  const timeMs = Date.parse(text ?? '');
  return Number.isFinite(timeMs) && timeMs >= 0 ? timeMs * 1000 : undefined;
}
