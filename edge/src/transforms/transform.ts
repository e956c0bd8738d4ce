/** Counts readings that a transform dropped, under its reason. */
export type DropCounter = (reason: string, count: number) => void;

/**
 * One stage between driver and aggregator, of one stream. It works in place on a block of times (µs UTC) and
 * values; a reading that it drops becomes NaN and is counted, so that nothing disappears without a reason.
 * Called in order, never concurrently.
 */
export interface Transform {
  readonly name: string;
  apply(t: Float64Array, v: Float64Array, drop: DropCounter): void;
}
