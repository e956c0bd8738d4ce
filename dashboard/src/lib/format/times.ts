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

/** Whose clock face times are written by: the reader's own, or that of UTC. */
export type ZoneChoice = 'local' | 'utc';

interface Formats {
  readonly clock: Intl.DateTimeFormat;
  readonly short: Intl.DateTimeFormat;
  readonly day: Intl.DateTimeFormat;
  readonly long: Intl.DateTimeFormat;
}

function formatsOf(timeZone: string | undefined): Formats {
  const zone = timeZone === undefined ? {} : { timeZone };
  const make = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { ...options, ...zone });
  const minutes = { hour: '2-digit', minute: '2-digit' } as const;
  return {
    clock: make({ ...minutes, second: '2-digit' }),
    short: make(minutes),
    day: make({ day: 'numeric', month: 'short' }),
    long: make({ dateStyle: 'medium', timeStyle: 'medium' }),
  };
}

const formats: Readonly<Record<ZoneChoice, Formats>> = {
  local: formatsOf(undefined),
  utc: formatsOf('UTC'),
};

/** `14:03:22` in the chosen zone. */
export function showClockTime(timeUs: number, zone: ZoneChoice = 'local'): string {
  return formats[zone].clock.format(timeUs / 1000);
}

/** `14:03:22.250`: with milliseconds. */
export function showExactTime(timeUs: number, zone: ZoneChoice = 'local'): string {
  const milliseconds = Math.floor(timeUs / 1000) % 1000;
  return `${showClockTime(timeUs, zone)}.${String(milliseconds).padStart(3, '0')}`;
}

/** `23 Nov 2026, 14:03:22`. */
export function showDateTime(timeUs: number, zone: ZoneChoice = 'local'): string {
  return formats[zone].long.format(timeUs / 1000);
}

/** A stretch of time as short as it can be told: `23 Nov, 14:03:22 – 14:08:22`. */
export function showSpan(fromUs: number, toUs: number, zone: ZoneChoice = 'local'): string {
  const { day } = formats[zone];
  const [fromDay, toDay] = [day.format(fromUs / 1000), day.format(toUs / 1000)];
  const show = toUs - fromUs < 10 * second ? showExactTime : showClockTime;
  const to = fromDay === toDay ? show(toUs, zone) : `${toDay}, ${show(toUs, zone)}`;
  return `${fromDay}, ${show(fromUs, zone)} – ${to}`;
}

/** The label of a tick: as fine as the distance between two ticks, with the day at midnight. */
export function showTick(timeUs: number, stepUs: number, zone: ZoneChoice = 'local'): string {
  if (stepUs < second) return showExactTime(timeUs, zone).slice(3);
  if (stepUs < minute) return showClockTime(timeUs, zone);
  const text = formats[zone].short.format(timeUs / 1000);
  return stepUs >= day || text === '00:00' ? formats[zone].day.format(timeUs / 1000) : text;
}

/** The zone's distance from UTC in µs at `timeUs`. */
export function zoneOffsetUs(timeUs: number, zone: ZoneChoice = 'local'): number {
  return zone === 'utc' ? 0 : -new Date(timeUs / 1000).getTimezoneOffset() * minute;
}

/** The length of a window or a range: `500 ms`, `10 s`, `1.5 h`. */
export function showLength(lengthUs: number): string {
  const units = [
    [day, 'd'],
    [hour, 'h'],
    [minute, 'min'],
    [second, 's'],
    [1000, 'ms'],
  ] as const;
  const [unitUs, name] = units.find(([size]) => lengthUs >= size) ?? [1, 'µs'];
  return `${Number((lengthUs / unitUs).toPrecision(3))} ${name}`;
}

/** A latency in milliseconds as people write it, to two or three digits: `2.1 ms`, `66 ms`, `1.27 s`. */
export function showLatency(latencyMs: number | null): string {
  if (latencyMs === null) return '–';
  if (latencyMs >= 1000) return `${(latencyMs / 1000).toFixed(2)} s`;
  return `${latencyMs.toFixed(latencyMs < 10 ? 1 : 0)} ms`;
}
