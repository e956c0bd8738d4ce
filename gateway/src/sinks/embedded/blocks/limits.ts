/** How the store cuts what it keeps into blocks. */
export const blockLimits = {
  /** Readings or windows of one block at most. */
  rowsMax: 4096,
  /** A block of so many is whole: it is not merged any more. */
  rowsWhole: 2048,
  /** So many blocks of about one size are merged into larger ones: a reading is written about four times in all. */
  mergeBlocks: 16,
  /** Blocks of one merge at most. */
  mergeBlocksMax: 64,
} as const;

/** What the rows of a block are: readings, or windows as the device sent them. */
export const grain = { readings: 0, windows: 1 } as const;
/** One of `grain`. */
export type Grain = (typeof grain)[keyof typeof grain];

/** The size class of a block. Merging within a class keeps small what is written again and again. */
export function tierOf(rows: number): number {
  if (rows < blockLimits.mergeBlocks) return 0;
  if (rows < blockLimits.mergeBlocks ** 2) return 1;
  return rows < blockLimits.rowsWhole ? 2 : 3;
}

/** The time class of a block: the least power of four that is longer than `last - start`, in µs. */
export function reachOf(spanUs: number): number {
  let reach = 0;
  while (reachUs(reach) <= spanUs) reach += 1;
  return reach;
}

/** Blocks of this class are shorter than so many µs. */
export function reachUs(reach: number): number {
  return 4 ** reach;
}

/** A hole counts as one from so many mean distances of the other rows. */
const holeFactor = 64;

/**
 * Where to cut rows of rising times into blocks: evenly, so that none has more than `rowsMax`, and at a hole that is
 * longer than all the rest together, so that late readings and new ones do not share a block that reaches across
 * both. Answers the ends of the pieces.
 */
export function blockEnds(times: Float64Array): number[] {
  const ends: number[] = [];
  cut(times, 0, times.length, ends);
  return ends;
}

function cut(times: Float64Array, from: number, to: number, ends: number[]): void {
  const hole = behindHole(times, from, to);
  if (hole > from) {
    cut(times, from, hole, ends);
    cut(times, hole, to, ends);
    return;
  }
  const pieces = Math.ceil((to - from) / blockLimits.rowsMax);
  for (let piece = 1; piece <= pieces; piece++) ends.push(from + Math.round(((to - from) * piece) / pieces));
}

/** The index behind the hole; `from` where there is none. */
function behindHole(times: Float64Array, from: number, to: number): number {
  let widestUs = 0;
  let behind = from;
  for (let index = from + 1; index < to; index++) {
    const distanceUs = times[index]! - times[index - 1]!;
    if (distanceUs <= widestUs) continue;
    widestUs = distanceUs;
    behind = index;
  }
  if (to - from < 3) return from;
  const restUs = times[to - 1]! - times[from]! - widestUs;
  return widestUs > restUs && widestUs * (to - from - 2) > holeFactor * restUs ? behind : from;
}
