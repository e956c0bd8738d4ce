import { texts } from '../texts/en.ts';

const second = 1_000_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** How long ago, in the largest fitting unit: `now`, `12 s ago`, `3 min ago`, `5 h ago`, `2 d ago`. */
export function showAgo(timeUs: number | null, nowUs: number): string {
  if (timeUs === null) return texts.time.never;
  const age = nowUs - timeUs;
  if (age < 2 * second) return texts.time.now;
  return texts.time.ago(showDuration(age));
}

/** A duration in one unit, rounded down: `12 s`. */
export function showDuration(durationUs: number): string {
  if (durationUs < minute) return `${Math.floor(durationUs / second)} s`;
  if (durationUs < hour) return `${Math.floor(durationUs / minute)} min`;
  if (durationUs < day) return `${Math.floor(durationUs / hour)} h`;
  return `${Math.floor(durationUs / day)} d`;
}

const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const shortTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const longTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** `14:03:22` in the reader's zone. */
export function showClockTime(timeUs: number): string {
  return clockTime.format(timeUs / 1000);
}

/** `14:03:22.250`: with milliseconds. */
export function showExactTime(timeUs: number): string {
  const milliseconds = Math.floor(timeUs / 1000) % 1000;
  return `${showClockTime(timeUs)}.${String(milliseconds).padStart(3, '0')}`;
}

/** `23 Nov 2026, 14:03:22`. */
export function showDateTime(timeUs: number): string {
  return longTime.format(timeUs / 1000);
}

/** The label of a tick: seconds only where ticks are closer than a minute. */
export function showTick(timeUs: number, stepUs: number): string {
  return (stepUs < minute ? clockTime : shortTime).format(timeUs / 1000);
}

/** Local time's distance from UTC in µs at `timeUs`. */
export function zoneOffsetUs(timeUs: number): number {
  return -new Date(timeUs / 1000).getTimezoneOffset() * minute;
}

/** A latency in milliseconds as people write it, to two or three digits: `2.1 ms`, `66 ms`, `1.27 s`. */
export function showLatency(latencyMs: number | null): string {
  if (latencyMs === null) return '–';
  if (latencyMs >= 1000) return `${(latencyMs / 1000).toFixed(2)} s`;
  return `${latencyMs.toFixed(latencyMs < 10 ? 1 : 0)} ms`;
}
