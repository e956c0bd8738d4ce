import type { SentColumns } from './sent-points.ts';

/** How a screen fills the time between two sent readings: a line, or the last one held. */
export type Filling = 'line' | 'hold';

/**
 * The largest distance of a reading from what is known of it where it was not sent: from the mean of its window,
 * or from what `filling` makes of the readings around it. Times ascend in both. Null where nothing was sent.
 */
export function worstError(raw: SentColumns, sent: SentColumns, filling: Filling): number | null {
  if (sent.start.length === 0) return null;
  let worst = 0;
  let at = 0;
  for (const [row, timeUs] of raw.start.entries()) {
    while (at + 1 < sent.start.length && sent.start[at + 1]! <= timeUs) at += 1;
    let error = Math.abs(raw.mean[row]! - knownAt(sent, at, { timeUs, filling }));
    // Readings of one time are all kept: each is known by its own point.
    for (let same = at - 1; same >= 0 && sent.start[same] === timeUs && error > 0; same -= 1)
      error = Math.min(error, Math.abs(raw.mean[row]! - sent.mean[same]!));
    worst = Math.max(worst, error);
  }
  return worst;
}

/** What the screen shows at a time; `at`: the last point that starts at or before it, 0 where there is none. */
function knownAt(
  { start, end, mean }: SentColumns,
  at: number,
  { timeUs, filling }: { timeUs: number; filling: Filling },
): number {
  const isWindow = end[at]! > start[at]!;
  if (isWindow || filling === 'hold' || timeUs <= start[at]! || at + 1 >= start.length) return mean[at]!;
  const part = (timeUs - start[at]!) / (start[at + 1]! - start[at]!);
  return mean[at]! + part * (mean[at + 1]! - mean[at]!);
}
