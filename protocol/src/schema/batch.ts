import type { ClockQuality } from './names.ts';

/**
 * The batch as programs hold it: columns are typed arrays. `codec/` turns it into bytes and back, to the bit.
 *
 * All columns of a block have the length of its time column. An absent value (`null` on the wire: a fix
 * without altitude) is NaN in a `Float64Array`; NaN is therefore never a legal reading.
 */
export interface Batch {
  readonly v: 1;
  readonly device: string;
  /** Random; new whenever recovery had to discard anything. */
  readonly epoch: string;
  /** 1, 2, 3 … within the epoch, given at the fsync that precedes any sending. */
  readonly seq: number;
  readonly bootId: string;
  /** Microseconds, UTC. */
  readonly sentAt: number;
  readonly clock: ClockQuality;
  readonly configVersion: number;
  readonly lane: 'live' | 'backlog';
  readonly sensors: readonly SensorBlock[];
  readonly dropped?: readonly DroppedRange[];
  /** By `sensor/quantity`: running totals of this epoch, up to and with this batch. */
  readonly ledger: Readonly<Record<string, StreamLedger>>;
  /** Places the times of batches that were sent with `clock: "unset"` by the same boot. */
  readonly anchor?: { readonly bootId: string; readonly monotonicUs: number; readonly wallUs: number };
}

/** One block of a batch: readings, windows or gaps of one sensor. */
export type SensorBlock = ReadingsBlock | WindowsBlock | GapsBlock;

/** Readings of one sensor at common times. */
export interface ReadingsBlock {
  readonly sensor: string;
  readonly type: string;
  readonly kind: 'readings';
  /** Microseconds, UTC, integers. */
  readonly t: Float64Array;
  /** By quantity. */
  readonly fields: Readonly<Record<string, ReadingsField>>;
  /** A copy of readings that are counted elsewhere (a burst); not counted in the ledger. */
  readonly extra?: boolean;
}

/** The readings of one quantity, one a time of its block. */
export interface ReadingsField {
  /** A unit of the SenML registry (RFC 8428 section 12.1). */
  readonly unit: string;
  readonly v: Float64Array;
  /** Quality a reading: 0 good, 1 uncertain, 2 bad; all good where absent. */
  readonly q?: Uint8Array;
}

/** Windows of one sensor with common bounds `[start, end)`. */
export interface WindowsBlock {
  readonly sensor: string;
  readonly type: string;
  readonly kind: 'windows';
  /** The configured kind: `10s`, `count:100`, `session`; never a measured length. */
  readonly window: string;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** 1 where the window was closed early and has another half; none where absent. */
  readonly partial?: Uint8Array;
  readonly fields: Readonly<Record<string, WindowsField>>;
  readonly extra?: boolean;
}

/** A count of 0 says that this quantity had no reading in that window; its other columns are NaN there. */
export interface WindowsField {
  readonly unit: string;
  readonly count: Float64Array;
  readonly sum: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** Sum of squared differences from the mean (Welford 1962). */
  readonly m2: Float64Array;
  /** DDSketch of each window, encoded by `aggregate/`; null where there is none. */
  readonly sketch?: readonly (Uint8Array | null)[];
}

/** Explicit records of absence: no readings of this sensor from here to there, because … */
export interface GapsBlock {
  readonly sensor: string;
  readonly type: string;
  readonly kind: 'gaps';
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly reason: readonly string[];
}

/** Batches of this epoch that will never come: first and last seq, why, and readings by `sensor/quantity`. */
export type DroppedRange = readonly [
  fromSeq: number,
  toSeq: number,
  reason: string,
  counts: Readonly<Record<string, number>>,
];

/**
 * The device's account of one stream: `taken = filtered + refused + lost + open + batched`, where `open`
 * readings wait in windows that have not closed and `batched` counts each reading once.
 */
export interface StreamLedger {
  readonly taken: number;
  readonly filtered: number;
  readonly refused: number;
  readonly lost: number;
  readonly open: number;
  readonly batched: number;
}
