import { streamName, type StreamInfo, type StreamName } from '@fieldline/protocol';
import { identifier } from './influxql.ts';
import type { InfluxQueries, Series } from './influx-queries.ts';
import { streamInfo, type CatalogEntry } from './stream-catalog.ts';

/** Points of one quantity in one measurement: what one statement asks about, for all devices. */
interface Column {
  readonly type: string;
  readonly quantity: string;
}

/** Copies do not count, wherever they are. */
const notExtra = `"extra" = ''`;

/**
 * Readings stored a stream, as InfluxDB counts them: points of raw readings, and the counts of the windows
 * added up.
 */
export async function storedCounts(
  queries: InfluxQueries,
  entries: readonly CatalogEntry[],
): Promise<Map<StreamName, number>> {
  const counts = new Map<StreamName, number>(
    entries.map(({ device, sensor, quantity }) => [streamName(device, sensor, quantity), 0]),
  );
  const columns = columnsOf(entries);
  const statements = columns.flatMap(({ type, quantity }) => [
    `SELECT count(${identifier(quantity)}) FROM ${identifier(type)} WHERE "window" = '' AND ${notExtra} GROUP BY "device", "sensor"`,
    `SELECT sum(${identifier(`${quantity}_count`)}) FROM ${identifier(type)} WHERE "window" != '' AND ${notExtra} GROUP BY "device", "sensor"`,
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

/** Every stream of the catalog with its newest value: a reading, or a window's mean at its end. */
export async function storedStreams(
  queries: InfluxQueries,
  entries: readonly CatalogEntry[],
): Promise<StreamInfo[]> {
  const columns = columnsOf(entries);
  const statements = columns.flatMap(({ type, quantity }) => [
    `SELECT last(${identifier(quantity)}) FROM ${identifier(type)} WHERE "window" = '' AND ${notExtra} GROUP BY "device", "sensor"`,
    `SELECT last(${identifier(`${quantity}_mean`)}), "window_end" FROM ${identifier(type)} WHERE "window" != '' AND ${notExtra} GROUP BY "device", "sensor"`,
  ]);
  const newest = new Map<StreamName, { t: number; value: number }>();
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
  return entries.map((entry) =>
    streamInfo(entry, newest.get(streamName(entry.device, entry.sensor, entry.quantity))),
  );
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
