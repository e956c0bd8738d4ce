import { breakAfterUs, type Gap } from './gaps.ts';
import type { Columns } from './series-buffer.ts';

/** A position: degrees, north and east positive. */
export type Position = readonly [latitude: number, longitude: number];

/** A track: unbroken pieces, oldest first, and the newest position with its time in µs. */
export interface Track {
  readonly pieces: Position[][];
  readonly newest: { readonly timeUs: number; readonly position: Position } | undefined;
}

/**
 * Joins the series of latitude and longitude where their times are equal. The track breaks at silences, at
 * recorded gaps, and where it crosses the 180th meridian, since a line would else run around the world.
 */
export function joinTrack(latitude: Columns, longitude: Columns, gaps: readonly Gap[]): Track {
  const limitUs = breakAfterUs(latitude);
  const pieces: Position[][] = [];
  let newest: Track['newest'];
  let at = 0;
  for (let index = 0; index < latitude.length; index += 1) {
    const timeUs = latitude.startUs[index]!;
    while (at < longitude.length && longitude.startUs[at]! < timeUs) at += 1;
    if (at >= longitude.length || longitude.startUs[at] !== timeUs) continue;
    const position: Position = [latitude.mean[index]!, longitude.mean[at]!];
    const piece = pieces.at(-1);
    if (!piece || !newest || isBroken(newest, { timeUs, position }, limitUs, gaps)) pieces.push([position]);
    else piece.push(position);
    newest = { timeUs: latitude.endUs[index]!, position };
  }
  return { pieces, newest };
}

function isBroken(
  before: { timeUs: number; position: Position },
  after: { timeUs: number; position: Position },
  limitUs: number,
  gaps: readonly Gap[],
): boolean {
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
