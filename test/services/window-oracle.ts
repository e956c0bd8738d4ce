import type { Batch } from '@fieldline/protocol';
import type { Recorded } from './records.ts';

/** Consecutive readings of one stream as a batch carries them: one window, or one reading. */
export interface CarriedRun {
  readonly startUs: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly first: number;
  readonly last: number;
}

/** What the batches carry of one stream, in their order; halves of a window are kept apart. */
export function carriedRuns(
  batches: readonly Batch[],
  stream: { sensor: string; quantity: string },
): CarriedRun[] {
  const runs: CarriedRun[] = [];
  for (const block of batches.flatMap(({ sensors }) => sensors)) {
    if (block.sensor !== stream.sensor || block.kind === 'gaps' || block.extra) continue;
    const field = block.fields[stream.quantity];
    if (field === undefined) continue;
    if (block.kind === 'readings' && 'v' in field) {
      field.v.forEach((v, row) =>
        runs.push({ startUs: block.t[row] ?? NaN, count: 1, sum: v, min: v, max: v, first: v, last: v }),
      );
    } else if (block.kind === 'windows' && 'count' in field) {
      field.count.forEach((count, row) => {
        const at = (column: Float64Array): number => column[row] ?? NaN;
        const { sum, min, max, first, last } = field;
        if (count === 0) return;
        runs.push({
          ...{ startUs: at(block.start), count, sum: at(sum) },
          ...{ min: at(min), max: at(max), first: at(first), last: at(last) },
        });
      });
    }
  }
  return runs;
}

/**
 * Finds each run in the record, after the one before it: the readings that it summarises, one after the other.
 * Answers the runs that are nowhere in it, and the readings of the record that no run holds.
 */
export function locateRuns(
  runs: readonly CarriedRun[],
  recorded: readonly Recorded[],
): { unlocated: CarriedRun[]; missing: Recorded[] } {
  const unlocated: CarriedRun[] = [];
  const missing: Recorded[] = [];
  let next = 0;
  for (const run of runs) {
    let at = next;
    while (at + run.count <= recorded.length && !isRunAt(run, recorded, at)) at += 1;
    if (at + run.count > recorded.length) {
      unlocated.push(run);
      continue;
    }
    missing.push(...recorded.slice(next, at));
    next = at + run.count;
  }
  return { unlocated, missing: [...missing, ...recorded.slice(next)] };
}

function isRunAt(run: CarriedRun, recorded: readonly Recorded[], at: number): boolean {
  if (recorded[at]?.value !== run.first || recorded[at + run.count - 1]?.value !== run.last) return false;
  let [sum, min, max] = [0, Infinity, -Infinity];
  for (let index = at; index < at + run.count; index++) {
    const value = recorded[index]?.value ?? NaN;
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return min === run.min && max === run.max && Math.abs(sum - run.sum) <= 1e-9 * Math.abs(sum) * run.count;
}

/** The gaps that the batches declare of one sensor, µs UTC. */
export function declaredGaps(batches: readonly Batch[], sensor: string): [fromUs: number, toUs: number][] {
  return batches
    .flatMap(({ sensors }) => sensors)
    .flatMap((block) =>
      block.kind === 'gaps' && block.sensor === sensor
        ? [...block.from].map((fromUs, index): [number, number] => [fromUs, block.to[index] ?? fromUs])
        : [],
    );
}
