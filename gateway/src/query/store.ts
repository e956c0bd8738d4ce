import type { Result, StreamInfo, StreamName } from '@fieldline/protocol';
import type { SeriesColumns } from './bucket-series.ts';

/** The parts of a stream's name. */
export interface StreamAddress {
  readonly device: string;
  readonly sensor: string;
  readonly quantity: string;
}

/** What is asked of a store, after validation: one series, made of one stream or of several taken together. */
export interface SeriesRequest {
  /** At least one, at most `queryLimits.streamsMax`; those of one unit belong together. */
  readonly streams: readonly StreamAddress[];
  /** Microseconds UTC, included. */
  readonly fromUs: number;
  /** Microseconds UTC, excluded; after `fromUs`. */
  readonly toUs: number;
  /** Wanted number of points, 1 to `queryLimits.pointsMax`; the answer has at most one more. */
  readonly points: number;
  /** Whether p50, p95 and p99 are wanted, which cost most. */
  readonly quantiles: boolean;
  /** Whether rollups are left aside, however many readings have to be read. */
  readonly exact: boolean;
  /** Rising edges of the bins that readings are counted by; absent: no bins. */
  readonly edges?: Float64Array | undefined;
}

/** A gap: from, to (µs) and why. */
export type Gap = [fromUs: number, toUs: number, reason: string];

/** One series: columns by bucket (or by reading), and the gaps that touch its range. */
export interface SeriesAnswer {
  readonly unit: string;
  /** Length of a bucket, µs; 0 where each point is one reading. */
  readonly windowUs: number;
  /** Length of the longest stored windows that it was merged from, µs; 0: from readings alone. */
  readonly resolutionUs: number;
  readonly columns: SeriesColumns;
  readonly gaps: readonly Gap[];
}

/** A page of what is stored of one stream, for exports: in order of time, from `fromUs` on. */
export interface PageRequest {
  readonly stream: StreamAddress;
  readonly fromUs: number;
  readonly toUs: number;
  /** Rows wanted at most; rows of one time are never torn apart, so a page may have more. */
  readonly rows: number;
}

/** What a page holds; `nextUs` is where the next one begins, null at the end of the range. */
export interface PageAnswer {
  readonly unit: string;
  readonly readings: RawReadings;
  readonly windows: StoredWindows;
  readonly nextUs: number | null;
}

/** Raw readings: times in µs, values and qualities, of one length. */
export interface RawReadings {
  readonly t: Float64Array;
  readonly v: Float64Array;
  /** Null where all are good. */
  readonly q: Uint8Array | null;
}

/** Windows as they were received: columns of one length, times in µs. */
export interface StoredWindows {
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly count: Float64Array;
  readonly sum: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly m2: Float64Array;
}

/** Named limits of queries. */
export const queryLimits = {
  pointsMax: 10_000,
  pointsDefault: 600,
  /** Streams of one request, over all its series. */
  streamsMax: 500,
  /** Edges of the bins of one question. */
  edgesMax: 200,
  /** Points of one answer, over all its series. */
  pointsTotalMax: 500_000,
  /** Rows (readings or windows) that one series may read from a store one by one. */
  scanRowsMax: 20_000_000,
  /** From so many readings on a store answers from rollups where it has them. */
  exactRowsMax: 50_000,
  /** Gaps in one series; the newest are left out first. */
  gapsMax: 10_000,
  /** A store that takes longer is told of as QUERY_TIMEOUT. */
  timeoutMs: 30_000,
  /** Rows of one page of an export. */
  pageRowsMax: 50_000,
} as const;

/**
 * A sink that can be asked. Every store answers the same question with the same figures: the contract suite
 * `test/contract/store-suite.ts` runs against each of them. Calls may run concurrently with each other and
 * with writes; none of them blocks a write.
 */
export interface Store {
  readonly name: string;
  /**
   * Refusals: QUERY_UNKNOWN_STREAM (where it knows none of the streams), QUERY_TOO_LARGE, QUERY_TIMEOUT,
   * QUERY_STORE_UNAVAILABLE.
   */
  query(request: SeriesRequest): Promise<Result<SeriesAnswer>>;
  /** A page of an export. Refusals as of `query`. */
  page(request: PageRequest): Promise<Result<PageAnswer>>;
  /**
   * Readings stored a stream, by the store's own counting: each reading once, a window with its count,
   * `extra` blocks not at all, and what retention has removed. Rejects where the store does not answer.
   */
  counts(): Promise<Map<StreamName, number>>;
  /** Every stream it holds, with its newest value. Rejects where the store does not answer. */
  streams(): Promise<StreamInfo[]>;
}
