/** One figure of one subject at one time (µs). */
export interface Observation {
  readonly tUs: number;
  readonly value: number;
}

/**
 * What the evaluator remembers of one subject under one rule: all of it, so that evaluation goes on from here after
 * a restart. Plain JSON. `sinceUs` is when the condition began to hold, `firedAtUs` when it had held long enough.
 */
export interface Track {
  readonly phase: 'clear' | 'pending' | 'firing';
  readonly sinceUs: number;
  readonly firedAtUs: number;
  /** The newest observation; -Infinity does not survive JSON, so null stands for none. */
  readonly lastUs: number | null;
  readonly lastValue: number | null;
  /** Of `stuck`: the value that has not been left, and since when. */
  readonly anchor?: Observation;
  /** Of `rate`: earlier observations, the oldest first, thinned to about a hundredth of the time. */
  readonly past?: readonly Observation[];
}

/** What became of an alert: `cleared` is the end of one that never fired. */
export interface Transition {
  readonly to: 'pending' | 'firing' | 'resolved' | 'cleared';
  readonly atUs: number;
  readonly sinceUs: number;
  readonly value: number | null;
}

/** Nothing known yet. */
export const emptyTrack: Track = { phase: 'clear', sinceUs: 0, firedAtUs: 0, lastUs: null, lastValue: null };
