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
    const at = placeOf(run, recorded, next);
    if (at === undefined) {
      unlocated.push(run);
      continue;
    }
    missing.push(...recorded.slice(next, at));
    next = at + run.count;
  }
  return { unlocated, missing: [...missing, ...recorded.slice(next)] };
}

/** The first place from `from` on at which the record holds the run; undefined where there is none. */
function placeOf(run: CarriedRun, recorded: readonly Recorded[], from: number): number | undefined {
  for (let at = from; at + run.count <= recorded.length; at++) {
    if (isRunAt(run, recorded, at)) return at;
  }
  return undefined;
}

/**
 * Runs in order of time, as a store gives them, in the order of the record: a store gives those of one time (readings that came
 * in one piece, halves of one window) in any order.
 */
export function inRecordOrder(runs: readonly CarriedRun[], recorded: readonly Recorded[]): CarriedRun[] {
  const ordered: CarriedRun[] = [];
  let next = 0;
  for (let index = 0; index < runs.length;) {
    const behind = runs.findIndex(({ startUs }, at) => at > index && startUs !== runs[index]?.startUs);
    const group = runs.slice(index, behind < 0 ? runs.length : behind);
    index += group.length;
    while (group.length > 0) {
      const places = group.map((run) => placeOf(run, recorded, next) ?? Infinity);
      const first = Math.min(...places);
      const [run] = group.splice(places.indexOf(first), 1);
      if (run === undefined) break;
      ordered.push(run);
      if (first < Infinity) next = first + run.count;
    }
  }
  return ordered;
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
