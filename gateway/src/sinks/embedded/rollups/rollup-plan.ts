import { queryLimits } from '../../../query/store.ts';
import type { Statements } from '../statements.ts';
import { missingFrom, rollupGrains, type RollupGrain } from './grains.ts';

/** What a question asks for, and how much it would read without rollups. */
export interface PlanRange {
  readonly fromUs: number;
  readonly toUs: number;
  readonly rows: number;
}

/** The part of a range that is answered from a rollup: whole buckets, `[fromUs, toUs)`. */
export interface RollupPlan {
  readonly grain: RollupGrain;
  readonly fromUs: number;
  readonly toUs: number;
}

/** Decides which rollup answers for a stream, where one does. */
export class RollupPlanner {
  /** By kind: since when it is there; none where retention removed nothing of this stream. */
  readonly #retired: ReadonlyMap<string, number>;
  readonly #range: PlanRange;

  constructor(
    statements: Statements,
    stream: { readonly id: number; readonly removed: number },
    range: PlanRange,
  ) {
    const find = statements.of('SELECT max(before_us) AS before_us FROM retired WHERE kind IN (?, ?)');
    const beforeOf = (kind: string, ofStream: string = kind): number =>
      Number(find.get(kind, ofStream)?.['before_us'] ?? Number.NEGATIVE_INFINITY);
    const names = rollupGrains.map(({ name }) => name);
    const isWhole = stream.removed === 0;
    const kinds: [string, number][] = isWhole ? [] : [['readings', beforeOf('readings')]];
    if (!isWhole) for (const name of names) kinds.push([name, beforeOf(name, missingFrom(name, stream.id))]);
    this.#retired = new Map(kinds);
    this.#range = range;
  }

  /** Length of the finest windows that are there for the whole range, µs; 0 where the readings are. */
  shortestUs(): number {
    if (!this.#isGone('readings')) return 0;
    return (rollupGrains.find(({ name }) => !this.#isGone(name)) ?? rollupGrains.at(-1))?.lengthUs ?? 0;
  }

  /** The coarsest rollup that divides buckets of `lengthUs`; undefined where readings answer. */
  plan(lengthUs: number, exact: boolean): RollupPlan | undefined {
    const isNeeded = this.#isGone('readings');
    if (!isNeeded && (exact || this.#range.rows <= queryLimits.exactRowsMax)) return undefined;
    const grain = rollupGrains.findLast((each) => lengthUs % each.lengthUs === 0);
    if (!grain) return undefined;
    const fromUs = isNeeded ? this.#range.fromUs : Math.ceil(this.#range.fromUs / lengthUs) * lengthUs;
    const toUs = Math.floor(this.#range.toUs / lengthUs) * lengthUs;
    return fromUs < toUs ? { grain, fromUs, toUs } : undefined;
  }

  #isGone(kind: string): boolean {
    return this.#range.fromUs < (this.#retired.get(kind) ?? Number.NEGATIVE_INFINITY);
  }
}
