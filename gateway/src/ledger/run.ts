import type { StreamLedger } from '@fieldline/protocol';

/** Readings by `sensor/quantity`. */
export type Counts = Map<string, number>;

/**
 * Batches of one epoch that have all arrived, `from` to `to`, both included. `start` is what the device's
 * running total `batched` was before the first of them, `end` what it was after the last, by stream.
 *
 * A stream that a batch's ledger does not name is unchanged by it, so that `start` and `end` may lack
 * streams: the value is then that of the nearest run that has one.
 */
export interface Run {
  from: number;
  to: number;
  readonly start: Counts;
  readonly end: Counts;
}

/** The run of one batch. `unstated`: readings it carries of streams that its ledger does not name. */
export function runOf(
  seq: number,
  counts: ReadonlyMap<string, number>,
  ledger: Readonly<Record<string, StreamLedger>>,
): { run: Run; unstated: Counts } {
  const run: Run = { from: seq, to: seq, start: new Map(), end: new Map() };
  for (const [stream, { batched }] of Object.entries(ledger)) {
    run.start.set(stream, batched - (counts.get(stream) ?? 0));
    run.end.set(stream, batched);
  }
  const unstated: Counts = new Map();
  for (const [stream, count] of counts) if (!run.end.has(stream) && count > 0) unstated.set(stream, count);
  return { run, unstated };
}

/**
 * Joins `right`, which begins where `left` ends, into `left`. Calls `differs` for every stream whose totals
 * do not meet: the device's running total moved by another number than the batches carried.
 */
export function joinRuns(left: Run, right: Run, differs: (stream: string, difference: number) => void): void {
  left.to = right.to;
  for (const [stream, start] of right.start) {
    const end = left.end.get(stream);
    if (end === undefined) left.start.set(stream, start);
    else if (end !== start) differs(stream, start - end);
  }
  for (const [stream, end] of right.end) left.end.set(stream, end);
}

/** Index of the last run that begins at or below `seq`; -1 where there is none. */
export function runIndexAtOrBelow(runs: readonly Run[], seq: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const run = runs[middle];
    if (run !== undefined && run.from <= seq) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Adds `count` to what `counts` has under `key`. */
export function addCount(counts: Counts, key: string, count: number): void {
  if (count !== 0) counts.set(key, (counts.get(key) ?? 0) + count);
}
