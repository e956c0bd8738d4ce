import type { QueryAnswer, Result, StreamInfo, StreamName } from '@fieldline/protocol';

/** What `GET /api/v1/query` asks, after validation. */
export interface QueryRequest {
  readonly device: string;
  readonly sensor: string;
  readonly quantity: string;
  /** Microseconds UTC, included. */
  readonly fromUs: number;
  /** Microseconds UTC, excluded; after `fromUs`. */
  readonly toUs: number;
  /** Wanted number of points, 1 to `queryLimits.pointsMax`; the answer has at most one more. */
  readonly points: number;
}

/** Named limits of queries. */
export const queryLimits = {
  pointsMax: 10_000,
  pointsDefault: 600,
  /** Rows (readings or windows) that one query may read from a store one by one. */
  scanRowsMax: 20_000_000,
  /** Gaps in one answer; the newest are left out first. */
  gapsMax: 10_000,
  /** A store that takes longer is told of as QUERY_TIMEOUT. */
  timeoutMs: 30_000,
} as const;

/**
 * A sink that can be asked. Every store answers the same question with the same figures: the contract suite
 * `test/contract/store-suite.ts` runs against each of them. Calls may run concurrently with each other and
 * with writes; none of them blocks a write.
 */
export interface Store {
  readonly name: string;
  /** Refusals: QUERY_UNKNOWN_STREAM, QUERY_TOO_LARGE, QUERY_TIMEOUT, QUERY_STORE_UNAVAILABLE. */
  query(request: QueryRequest): Promise<Result<QueryAnswer>>;
  /**
   * Readings stored a stream, by the store's own counting: each reading once, a window with its count,
   * `extra` blocks not at all. Rejects where the store does not answer.
   */
  counts(): Promise<Map<StreamName, number>>;
  /** Every stream it holds, with its newest value. Rejects where the store does not answer. */
  streams(): Promise<StreamInfo[]>;
}
