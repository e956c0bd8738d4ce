import { accepted, refused, streamName, type Result } from '@fieldline/protocol';
import { BucketSeries, type SeriesColumns } from './bucket-series.ts';
import { bucketLengthUs, sharedLengthUs, windowLengthUs } from './resolution.ts';
import {
  queryLimits,
  type Gap,
  type PageAnswer,
  type PageRequest,
  type RawReadings,
  type SeriesAnswer,
  type SeriesRequest,
  type StoredWindows,
  type StreamAddress,
} from './store.ts';

/**
 * What one store knows of one stream in one range `[fromUs, toUs)`: the part of a query that differs between
 * stores. Windows belong to the range in which they start, gaps to every range that they touch; `extra`
 * blocks are left out.
 */
export interface SeriesSource {
  readonly unit: string;
  /** The kinds of window (`10s`, `count:100`) that start in the range. */
  windowKinds(): Promise<readonly string[]>;
  /** Adds all windows to `series`. */
  addWindows(series: BucketSeries): Promise<void>;
  /** Adds all readings to `series`, after the windows. */
  addReadings(series: BucketSeries): Promise<void>;
  /** How many readings are there at least, as far as that is known without reading any; absent where nothing is. */
  readingsAtLeast?(): number;
  /** The readings in order of time: all of them where there are at most `limit`, else `limit` of them or more. */
  firstReadings(limit: number): Promise<RawReadings>;
  /** The windows as they were received, in order of start, with the same limit. */
  firstWindows(limit: number): Promise<StoredWindows>;
  /** In order of `from`; at most `queryLimits.gapsMax`. */
  gaps(): Promise<readonly Gap[]>;
  /** Absent where a store keeps no rollups. */
  readonly rollups?: RollupChoice;
}

/** How a store that keeps rollups takes part in choosing the resolution. */
export interface RollupChoice {
  /** Length of the shortest windows that can answer for the whole range, µs; 0 where all readings are kept. */
  shortestUs(): number;
  /**
   * Chooses what `addWindows` and `addReadings` give from then on, for buckets of `lengthUs`: rollups where they are
   * worth it, or where the readings are gone. Answers their length, 0 for none.
   */
  choose(lengthUs: number, exact: boolean): number;
}

/** What a store knows of a stream in a range; undefined where it has never stored one of that name. */
export type SourceOf = (stream: StreamAddress, range: TimeRange) => SeriesSource | undefined;

/** A question's range, `[fromUs, toUs)` in µs. */
export interface TimeRange {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Answers a query from those of its streams that the store knows; QUERY_UNKNOWN_STREAM where it knows none. */
export async function answerSeriesFrom(
  request: SeriesRequest,
  sourceOf: SourceOf,
): Promise<Result<SeriesAnswer>> {
  const sources = request.streams.flatMap((stream) => sourceOf(stream, request) ?? []);
  if (sources.length === 0) return unknownStream(request.streams[0]);
  return accepted(await answerSeries(request, sources));
}

/** Answers for a page of a stream; QUERY_UNKNOWN_STREAM where the store does not know it. */
export async function answerPageFrom(request: PageRequest, sourceOf: SourceOf): Promise<Result<PageAnswer>> {
  const source = sourceOf(request.stream, request);
  return source ? accepted(await answerPage(request, source)) : unknownStream(request.stream);
}

function unknownStream(address: StreamAddress | undefined): Result<never> {
  const { device = '', sensor = '', quantity = '' } = address ?? {};
  return refused('QUERY_UNKNOWN_STREAM', streamName(device, sensor, quantity));
}

/**
 * Answers a query from any store: raw readings where one stream has few enough, buckets otherwise. Several streams are
 * one series: their readings fall into the same buckets.
 */
async function answerSeries(request: SeriesRequest, sources: readonly SeriesSource[]): Promise<SeriesAnswer> {
  const kinds = (await Promise.all(sources.map((source) => source.windowKinds()))).flat();
  const shortestUs = Math.max(0, ...sources.map(({ rollups }) => rollups?.shortestUs() ?? 0));
  const isRaw = kinds.length === 0 && shortestUs === 0 && request.edges === undefined;
  const resolved =
    (isRaw ? await rawAnswer(request, sources) : undefined) ??
    (await bucketed(request, sources, { rollupUs: shortestUs, windowUs: Math.max(0, ...kinds.map(windowLengthUs)) })); // prettier-ignore
  const gaps = await Promise.all(sources.map((source) => source.gaps()));
  return { unit: sources[0]?.unit ?? '', ...resolved, gaps: distinctGaps(gaps.flat()) };
}

type Resolved = Pick<SeriesAnswer, 'windowUs' | 'resolutionUs' | 'columns'>;

/** Each reading as a point of its own, or undefined where there are several streams or too many readings. */
async function rawAnswer(
  request: SeriesRequest,
  [source, ...others]: readonly SeriesSource[],
): Promise<Resolved | undefined> {
  if (!source || others.length > 0) return undefined;
  if ((source.readingsAtLeast?.() ?? 0) > request.points) return undefined;
  const readings = await source.firstReadings(request.points + 1);
  if (readings.t.length > request.points) return undefined;
  return { windowUs: 0, resolutionUs: 0, columns: rawColumns(readings) };
}

function rawColumns({ t, v, q }: RawReadings): SeriesColumns {
  // Readings of one time have no order of their own: by value, so that every store gives the same.
  const order = Array.from(t.keys()).sort((a, b) => t[a]! - t[b]! || v[a]! - v[b]!);
  const values = Float64Array.from(order, (index) => v[index]!);
  return {
    t: Float64Array.from(order, (index) => t[index]!),
    count: new Float64Array(values.length).fill(1),
    mean: values,
    min: values,
    max: values,
    p50: values,
    p95: values,
    p99: values,
    stddev: new Float64Array(values.length).fill(NaN),
    rms: values.map(Math.abs),
    quality: Uint8Array.from(order, (index) => q?.[index] ?? 0),
  };
}

async function bucketed(
  request: SeriesRequest,
  sources: readonly SeriesSource[],
  shortest: { readonly rollupUs: number; readonly windowUs: number },
): Promise<Resolved> {
  const { fromUs, toUs, points, exact, edges } = request;
  const lengthUs = bucketLengthUs(toUs - fromUs, points, sharedLengthUs(shortest));
  const rollupsUs = sources.map(({ rollups }) => rollups?.choose(lengthUs, exact) ?? 0);
  const wanted = sources.length > 1 || edges ? 'merged' : 'exact';
  const quantiles = request.quantiles || edges ? wanted : 'none';
  const series = new BucketSeries({ lengthUs, fromUs, toUs, quantiles, edges });
  for (const source of sources) await source.addWindows(series);
  for (const source of sources) await source.addReadings(series);
  return {
    windowUs: lengthUs,
    resolutionUs: Math.max(shortest.rollupUs, shortest.windowUs, ...rollupsUs),
    columns: series.columns(),
  };
}

/** The same gap declared twice (a redelivery, a replay) is one gap. */
function distinctGaps(gaps: readonly Gap[]): Gap[] {
  const distinct = new Map(gaps.map((gap) => [gap.join(' '), gap]));
  return [...distinct.values()]
    .sort((a, b) => a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : 1))
    .slice(0, queryLimits.gapsMax);
}

/**
 * Answers a page of an export: all that lies before the time of the last row that the limit let through, so that rows of
 * one time stay together. Where all of them have one time, a larger page is taken.
 */
async function answerPage(request: PageRequest, source: SeriesSource): Promise<PageAnswer> {
  const { unit } = source;
  for (let limit = request.rows; ; limit *= 2) {
    const readings = await source.firstReadings(limit);
    const windows = await source.firstWindows(limit);
    const tornUs = Math.min(lastOf(readings.t, limit), lastOf(windows.start, limit));
    if (tornUs === Infinity) return { unit, readings, windows, nextUs: null };
    if (tornUs === Math.min(readings.t[0] ?? Infinity, windows.start[0] ?? Infinity)) continue;
    return { unit, readings: readingsBefore(readings, tornUs), windows: windowsBefore(windows, tornUs), nextUs: tornUs }; // prettier-ignore
  }
}

/** The time of the last row, of which there may be more; Infinity where all were given. */
function lastOf(times: Float64Array, limit: number): number {
  return times.length < limit ? Infinity : times[times.length - 1]!;
}

function readingsBefore({ t, v, q }: RawReadings, timeUs: number): RawReadings {
  const end = countBefore(t, timeUs);
  return { t: t.slice(0, end), v: v.slice(0, end), q: q?.slice(0, end) ?? null };
}

function windowsBefore(windows: StoredWindows, timeUs: number): StoredWindows {
  const end = countBefore(windows.start, timeUs);
  return {
    start: windows.start.slice(0, end),
    end: windows.end.slice(0, end),
    count: windows.count.slice(0, end),
    sum: windows.sum.slice(0, end),
    min: windows.min.slice(0, end),
    max: windows.max.slice(0, end),
    m2: windows.m2.slice(0, end),
  };
}

function countBefore(times: Float64Array, timeUs: number): number {
  const end = times.findIndex((time) => time >= timeUs);
  return end < 0 ? times.length : end;
}
