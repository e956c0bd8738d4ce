import type { DroppedRange } from '@fieldline/protocol';
import type { SeqRange, SeqRanges } from '../ingest/seq-ranges.ts';
import { addCount, type Counts } from './run.ts';

/** Batches declared under this reason live on, as coarser windows, in the batch that declares them. */
const thinned = 'thinned';

/** The readings that a batch carries in the place of batches it declares `thinned`: its totals did not move by them. */
export function thinnedCounts(dropped: readonly DroppedRange[]): Counts {
  const counts: Counts = new Map();
  for (const [, , reason, byStream] of dropped) {
    if (reason !== thinned) continue;
    for (const [stream, count] of Object.entries(byStream)) addCount(counts, stream, count);
  }
  return counts;
}

/**
 * Seqs `from` to `to` (none where `to < from`) of which no batch has come, and by how many readings the
 * device's running totals moved across them.
 */
export interface Hole {
  readonly from: number;
  readonly to: number;
  readonly moved: Counts;
}

/** Where the readings of one stream in a hole are. */
export interface HoleReadings {
  missing: number;
  lost: number;
  refused: number;
  differences: number;
}

/**
 * Explains a hole by what was declared of it. What the device declared dropped is lost, with the device's
 * own count where the whole range lies in the hole; what it declared thinned arrives in another batch. The rest of the movement belongs to the seqs that
 * remain: missing ones first, else refused ones; where no seq remains it must be nothing.
 */
export function explainHole(
  hole: Hole,
  dropped: readonly DroppedRange[],
  refusedSeqs: SeqRanges,
): { missing: SeqRange[]; readings: Map<string, HoleReadings> } {
  const inHole = dropped.filter(([from, to]) => from <= hole.to && hole.from <= to);
  const whole = inHole.filter(([from, to]) => hole.from <= from && to <= hole.to);
  const refused = refusedSeqs.toArray().filter(([from, to]) => from <= hole.to && hole.from <= to);
  const missing = subtract(subtract([[hole.from, hole.to]], inHole), refused);
  const rest = restGoesTo({
    missing: missing.length > 0,
    partlyDropped: inHole.length > whole.length,
    refused: refused.length > 0,
  });
  const readings = new Map<string, HoleReadings>();
  const streams = new Set([...hole.moved.keys(), ...whole.flatMap(([, , , counts]) => Object.keys(counts))]);
  for (const stream of streams) {
    const declared = whole.reduce((sum, [, , , counts]) => sum + (counts[stream] ?? 0), 0);
    const moved = thinnedCounts(whole).get(stream) ?? 0;
    const remaining = (hole.moved.get(stream) ?? 0) - declared;
    const row: HoleReadings = { missing: 0, lost: declared - moved, refused: 0, differences: 0 };
    if (remaining < 0 || rest === 'differences') row.differences += Math.abs(remaining);
    else row[rest] += remaining;
    readings.set(stream, row);
  }
  return { missing, readings };
}

function restGoesTo(has: { missing: boolean; partlyDropped: boolean; refused: boolean }): keyof HoleReadings {
  if (has.missing) return 'missing';
  if (has.partlyDropped) return 'lost';
  return has.refused ? 'refused' : 'differences';
}

/** `ranges` without what any of `taken` covers. */
function subtract(ranges: SeqRange[], taken: readonly (SeqRange | DroppedRange)[]): SeqRange[] {
  let left = ranges.filter(([from, to]) => from <= to);
  for (const [takenFrom, takenTo] of taken) {
    left = left.flatMap(([from, to]): SeqRange[] => {
      if (takenTo < from || to < takenFrom) return [[from, to]];
      const before: SeqRange[] = from < takenFrom ? [[from, takenFrom - 1]] : [];
      const after: SeqRange[] = takenTo < to ? [[takenTo + 1, to]] : [];
      return [...before, ...after];
    });
  }
  return left;
}
