import { streamName, type QueryAnswer } from '@fieldline/protocol';
import { BucketSeries, type SeriesColumns, type StoredWindow } from './bucket-series.ts';
import { bucketLengthUs, windowLengthUs } from './resolution.ts';
import { queryLimits, type QueryRequest } from './store.ts';

/** Raw readings: times in µs and values, of one length. */
export interface RawReadings {
  readonly t: Float64Array;
  readonly v: Float64Array;
}

/** A gap: from, to (µs) and why. */
export type Gap = [fromUs: number, toUs: number, reason: string];

/**
 * What one store knows of one stream in one range `[fromUs, toUs)`: the part of a query that differs between
 * stores. Windows belong to the range in which they start, gaps to every range that they touch; `extra`
 * blocks are left out.
 */
export interface SeriesSource {
  readonly unit: string;
  /** The kinds of window (`10s`, `count:100`) that start in the range. */
  windowKinds(): Promise<readonly string[]>;
  /** Calls `visit` for each window, in any order. */
  eachWindow(visit: (window: StoredWindow) => void): Promise<void>;
  /** The readings in order of time: all of them where there are at most `limit`, else `limit` of them or more. */
  firstReadings(limit: number): Promise<RawReadings>;
  /** Adds all readings to `series`, in buckets of `lengthUs`. */
  addReadings(series: BucketSeries, lengthUs: number): Promise<void>;
  /** In order of `from`; at most `queryLimits.gapsMax`. */
  gaps(): Promise<readonly Gap[]>;
}

/**
 * Answers a query from any store: raw readings where they are few enough, buckets otherwise. `windowUs` of the
 * answer is 0 for raw readings, else the bucket's length.
 */
export async function answerQuery(request: QueryRequest, source: SeriesSource): Promise<QueryAnswer> {
  const kinds = await source.windowKinds();
  const { windowUs, columns } =
    (await rawAnswer(request, source, kinds)) ?? (await bucketed(request, source, kinds));
  const stream = streamName(request.device, request.sensor, request.quantity);
  return { stream, unit: source.unit, windowUs, ...columns, gaps: distinctGaps(await source.gaps()) };
}

interface Resolved {
  readonly windowUs: number;
  readonly columns: SeriesColumns;
}

/** Each reading as a point of its own, or undefined where there are windows or too many readings. */
async function rawAnswer(
  request: QueryRequest,
  source: SeriesSource,
  kinds: readonly string[],
): Promise<Resolved | undefined> {
  if (kinds.length > 0) return undefined;
  const { t, v } = await source.firstReadings(request.points + 1);
  if (t.length > request.points) return undefined;
  return { windowUs: 0, columns: rawColumns(t, v) };
}

function rawColumns(t: Float64Array, v: Float64Array): SeriesColumns {
  // Readings of one time have no order of their own: by value, so that every store gives the same.
  const order = Array.from(t.keys()).sort((a, b) => t[a]! - t[b]! || v[a]! - v[b]!);
  const values = order.map((index) => v[index]!);
  const copy = (): number[] => [...values];
  return {
    t: order.map((index) => t[index]!),
    count: order.map(() => 1),
    mean: values,
    min: copy(),
    max: copy(),
    p50: copy(),
    p95: copy(),
    p99: copy(),
  };
}

async function bucketed(
  request: QueryRequest,
  source: SeriesSource,
  kinds: readonly string[],
): Promise<Resolved> {
  const longestUs = Math.max(0, ...kinds.map(windowLengthUs));
  const windowUs = bucketLengthUs(request.toUs - request.fromUs, request.points, longestUs);
  const series = new BucketSeries(windowUs);
  if (kinds.length > 0) await source.eachWindow((window) => series.addWindow(window));
  await source.addReadings(series, windowUs);
  return { windowUs, columns: series.columns() };
}

/** The same gap declared twice (a redelivery, a replay) is one gap. */
function distinctGaps(gaps: readonly Gap[]): Gap[] {
  const distinct = new Map(gaps.map((gap) => [gap.join(' '), gap]));
  return [...distinct.values()]
    .sort((a, b) => a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : 1))
    .slice(0, queryLimits.gapsMax);
}
