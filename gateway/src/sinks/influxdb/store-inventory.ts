import { streamName, type StreamInfo, type StreamName } from '@fieldline/protocol';
import { identifier } from './influxql.ts';
import type { InfluxQueries, Series } from './influx-queries.ts';
import type { RetiredReadings } from './retention/retired-readings.ts';
import { streamInfo, type CatalogEntry } from './stream-catalog.ts';

/** Points of one quantity in one measurement: what one statement asks about, for all devices. */
interface Column {
  readonly type: string;
  readonly quantity: string;
}

/** Copies do not count, wherever they are. */
const notExtra = `"extra" = ''`;

/** A part of all time, `[fromUs, toUs)` in µs; an end that is left out is open. */
export interface TimePart {
  readonly fromUs?: number;
  readonly toUs?: number;
}

/** The condition on times, to stand behind others; InfluxDB 1.x takes no `OR` of times. */
export function during({ fromUs, toUs }: TimePart): string {
  const from = fromUs === undefined ? '' : ` AND time >= ${fromUs}u`;
  return toUs === undefined ? from : `${from} AND time < ${toUs}u`;
}

/**
 * Readings stored a stream, as InfluxDB counts them: points of raw readings, and the counts of the windows
 * added up. `part`: only those of that time.
 */
export async function storedCounts(
  queries: InfluxQueries,
  entries: readonly CatalogEntry[],
  part: TimePart = {},
): Promise<Map<StreamName, number>> {
  const counts = new Map<StreamName, number>(
    entries.map(({ device, sensor, quantity }) => [streamName(device, sensor, quantity), 0]),
  );
  const columns = columnsOf(entries);
  const statements = columns.flatMap(({ type, quantity }) => [
    `SELECT count(${identifier(quantity)}) FROM ${identifier(type)} WHERE "window" = '' AND ${notExtra}${during(part)} GROUP BY "device", "sensor"`,
    `SELECT sum(${identifier(`${quantity}_count`)}) FROM ${identifier(type)} WHERE "window" != '' AND ${notExtra}${during(part)} GROUP BY "device", "sensor"`,
  ]);
  if (statements.length === 0) return counts;
  const answers = await queries.ask(...statements);
  for (const [index, answer] of answers.entries()) {
    const quantity = columns[Math.floor(index / 2)]?.quantity ?? '';
    for (const { stream, row } of rowsByStream(answer, quantity)) {
      counts.set(stream, (counts.get(stream) ?? 0) + Number(row[1] ?? 0));
    }
  }
  return counts;
}

/**
 * Readings a stream that the store was given: what it holds, and what retention has taken. Shards that are going now are known by what they
 * held.
 */
export async function accountedCounts(
  queries: InfluxQueries,
  entries: readonly CatalogEntry[],
  retired: Pick<RetiredReadings, 'countOf' | 'dropping'>,
): Promise<Map<StreamName, number>> {
  const { dropping } = retired;
  const names = entries.map(({ device, sensor, quantity }) => streamName(device, sensor, quantity));
  const sums = new Map(names.map((stream) => [stream, retired.countOf(stream)]));
  for (const part of dropping ? [{ toUs: dropping.fromUs }, { fromUs: dropping.toUs }] : [{}]) {
    for (const [stream, count] of await storedCounts(queries, entries, part))
      sums.set(stream, (sums.get(stream) ?? 0) + count);
  }
  return sums;
}

/** The readings of streams that a rollup holds for that time, as it counts them. */
export async function rolledCounts(
  queries: InfluxQueries,
  entries: readonly CatalogEntry[],
  rollup: { readonly policy: string } & TimePart,
): Promise<Map<StreamName, number>> {
  const counts = new Map<StreamName, number>();
  const columns = columnsOf(entries);
  const statements = columns.map(({ type, quantity }) => {
    const from = `${identifier(rollup.policy)}.${identifier(type)}`;
    return `SELECT sum(${identifier(`${quantity}_count`)}) FROM ${from} WHERE "device" != ''${during(rollup)} GROUP BY "device", "sensor"`;
  });
  const answers = statements.length === 0 ? [] : await queries.ask(...statements);
  for (const [index, answer] of answers.entries()) {
    for (const { stream, row } of rowsByStream(answer, columns[index]?.quantity ?? ''))
      counts.set(stream, (counts.get(stream) ?? 0) + Number(row[1] ?? 0));
  }
  return counts;
}

/** The newest of a stream: a reading, or a window's mean at its end. */
export interface NewestValue {
  readonly t: number;
  readonly value: number;
}

/** Of every stream that has points at that time, the newest. */
export async function newestValues(
  queries: InfluxQueries,
  entries: readonly CatalogEntry[],
  part: TimePart = {},
): Promise<Map<StreamName, NewestValue>> {
  const columns = columnsOf(entries);
  const statements = columns.flatMap(({ type, quantity }) => [
    `SELECT last(${identifier(quantity)}) FROM ${identifier(type)} WHERE "window" = '' AND ${notExtra}${during(part)} GROUP BY "device", "sensor"`,
    `SELECT last(${identifier(`${quantity}_mean`)}), "window_end" FROM ${identifier(type)} WHERE "window" != '' AND ${notExtra}${during(part)} GROUP BY "device", "sensor"`,
  ]);
  const newest = new Map<StreamName, NewestValue>();
  const answers = statements.length === 0 ? [] : await queries.ask(...statements);
  for (const [index, answer] of answers.entries()) {
    const quantity = columns[Math.floor(index / 2)]?.quantity ?? '';
    for (const { stream, row } of rowsByStream(answer, quantity)) {
      const [startUs, value, endUs = startUs] = row.map(Number);
      if (startUs === undefined || value === undefined || endUs === undefined) continue;
      if (endUs > (newest.get(stream)?.t ?? Number.NEGATIVE_INFINITY))
        newest.set(stream, { t: endUs, value });
    }
  }
  return newest;
}

/** Every stream of the catalog with its newest value. */
export async function storedStreams(
  queries: InfluxQueries,
  entries: readonly CatalogEntry[],
  retired: Pick<RetiredReadings, 'of'>,
): Promise<StreamInfo[]> {
  const newest = await newestValues(queries, entries);
  return entries.map((entry) => {
    const stream = streamName(entry.device, entry.sensor, entry.quantity);
    const stored = newest.get(stream);
    const { lastT = null, lastValue = null } = retired.of(stream) ?? {};
    if (lastT === null || lastValue === null || (stored && stored.t >= lastT))
      return streamInfo(entry, stored);
    return streamInfo(entry, { t: lastT, value: lastValue });
  });
}

/** The time of the newest value of all; -Infinity where there is none. */
export function newestTime(streams: readonly StreamInfo[]): number {
  return streams.reduce((newest, { lastT }) => Math.max(newest, lastT ?? -Infinity), -Infinity);
}

function columnsOf(entries: readonly CatalogEntry[]): Column[] {
  const columns = new Map<string, Column>();
  for (const { types, quantity } of entries) {
    for (const type of types) columns.set(`${type}/${quantity}`, { type, quantity });
  }
  return [...columns.values()];
}

function rowsByStream(
  answer: readonly Series[],
  quantity: string,
): { stream: StreamName; row: Series['values'][number] }[] {
  return answer.flatMap(({ tags = {}, values }) => {
    const stream = streamName(tags['device'] ?? '', tags['sensor'] ?? '', quantity);
    return values.map((row) => ({ stream, row }));
  });
}
