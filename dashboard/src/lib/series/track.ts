import { breakAfterUs, type Gap } from './gaps.ts';
import type { Columns } from './series-buffer.ts';
import type { TimeSpan } from './time-span.ts';

const always: TimeSpan = { fromUs: -Infinity, toUs: Infinity };

/** A position: degrees, north and east positive. */
export type Position = readonly [latitude: number, longitude: number];

/** A track: unbroken pieces, oldest first, and the newest position with its time in µs. */
export interface Track {
  readonly pieces: Position[][];
  readonly newest: Fix | undefined;
  /** All positions by time, oldest first. */
  readonly fixes: readonly Fix[];
}

/** Where a device was, and when (µs). */
export interface Fix {
  readonly timeUs: number;
  readonly position: Position;
}

/**
 * Joins the series of latitude and longitude where their times are equal. The track breaks at silences, at
 * recorded gaps, and where it crosses the 180th meridian, since a line would else run around the world. Only
 * what lies within `span` belongs to it.
 */
export function joinTrack(
  latitude: Columns,
  longitude: Columns,
  gaps: readonly Gap[],
  span: TimeSpan = always,
): Track {
  const limitUs = breakAfterUs(latitude);
  const pieces: Position[][] = [];
  const fixes: Fix[] = [];
  let newest: Fix | undefined;
  let at = 0;
  for (let index = 0; index < latitude.length; index += 1) {
    const timeUs = latitude.startUs[index]!;
    if (timeUs < span.fromUs || timeUs > span.toUs) continue;
    while (at < longitude.length && longitude.startUs[at]! < timeUs) at += 1;
    if (at >= longitude.length || longitude.startUs[at] !== timeUs) continue;
    const position: Position = [latitude.mean[index]!, longitude.mean[at]!];
    const piece = pieces.at(-1);
    if (!piece || !newest || isBroken(newest, { timeUs, position }, limitUs, gaps)) pieces.push([position]);
    else piece.push(position);
    newest = { timeUs: latitude.endUs[index]!, position };
    fixes.push(newest);
  }
  return { pieces, newest, fixes };
}

function isBroken(before: Fix, after: Fix, limitUs: number, gaps: readonly Gap[]): boolean {
  if (after.timeUs - before.timeUs > limitUs) return true;
  if (Math.abs(after.position[1] - before.position[1]) > 180) return true;
  return gaps.some(([from, to]) => from < after.timeUs && to > before.timeUs);
}

/**
 * Drops the points of a piece that a line of `mostPoints` would not show: every n-th is kept, and both ends.
 */
export function thinPiece(piece: readonly Position[], mostPoints: number): Position[] {
  const every = Math.ceil(piece.length / mostPoints);
  return piece.filter((_, index) => index % every === 0 || index === piece.length - 1);
}

/** The fix nearest in time to `timeUs`; undefined where there is none, or none within `withinUs`. */
export function fixAt(fixes: readonly Fix[], timeUs: number, withinUs: number): Fix | undefined {
  let low = 0;
  let high = fixes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fixes[middle]!.timeUs < timeUs) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [fixes[low - 1], fixes[low]];
  const nearest = before && (!after || timeUs - before.timeUs < after.timeUs - timeUs) ? before : after;
  return nearest && Math.abs(nearest.timeUs - timeUs) <= withinUs ? nearest : undefined;
}

/** The fix nearest to a place, in degrees of the map's own plane; undefined where the track is empty. */
export function nearestFix(fixes: readonly Fix[], [latitude, longitude]: Position): Fix | undefined {
  const shrink = Math.cos((latitude * Math.PI) / 180);
  let nearest: Fix | undefined;
  let least = Infinity;
  for (const fix of fixes) {
    const north = fix.position[0] - latitude;
    const east = (fix.position[1] - longitude) * shrink;
    const distance = north * north + east * east;
    if (distance >= least) continue;
    least = distance;
    nearest = fix;
  }
  return nearest;
}
