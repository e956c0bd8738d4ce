import type { SketchOptions } from '@fieldline/protocol/aggregate';
import type { ClosedWindows } from './window-columns.ts';

/** How the windows of a stream are cut. */
export type WindowShape =
  /** `[k·length, (k+1)·length)`, aligned to the epoch of the clock. */
  | { readonly kind: 'time'; readonly lengthUs: number }
  /** So many readings each, in the order of their times. */
  | { readonly kind: 'count'; readonly readings: number }
  /** Readings closer together than the gap; a session that lasts longer than `maxUs` is cut. */
  | { readonly kind: 'session'; readonly gapUs: number; readonly maxUs: number };

/** Windows of `lengthUs` that begin each `everyUs`: beside the primary output, as copies. */
export interface HoppingPlan {
  /** The kind as it travels: `hop:1m:10s`. */
  readonly window: string;
  readonly lengthUs: number;
  readonly everyUs: number;
}

/** One stream that is carried as windows. */
export interface WindowedStream {
  /** Which column of the driver's blocks it is. */
  readonly column: number;
  readonly quantity: string;
  readonly unit: string;
  readonly sketch: boolean | SketchOptions;
  /** Counts readings that came too late, or that found no window. */
  filter(reason: string, count: number): void;
  /** Counts readings of windows that found no place to wait. */
  lose(reason: string, count: number): void;
}

/** What makes windows of readings, whatever their shape. Called in order, never concurrently. */
export interface WindowSource {
  /** Closed windows that wait to be taken. */
  readonly closedCount: number;
  /**
   * Records one column of a block: stream number, times (µs UTC) and values, NaN for none. What finds no window
   * is counted, and becomes NaN in `v`, so that no copy holds what the primary output does not.
   */
  record(stream: number, t: Float64Array, v: Float64Array): void;
  /** Closes every window that no reading can reach any more, whether or not readings still come. */
  closeDue(nowUs: number): void;
  /** Closes all: those that have not ended yet are partial. */
  closeAll(nowUs: number): void;
  /** Readings of a stream that have not been taken: in open windows, or in closed ones that wait. */
  openCount(stream: number): number;
  /**
   * What a crash would lose now: the windows that wait, and the open ones as partial. They stay. Undefined where
   * there is none.
   */
  peek(): ClosedWindows | undefined;
  /** Removes and returns the oldest closed windows, at most `maxWindows`; undefined where there is none. */
  take(maxWindows: number): ClosedWindows | undefined;
}
