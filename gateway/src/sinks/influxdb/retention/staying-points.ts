import { streamName, type StreamName } from '@fieldline/protocol';
import { possibleBits } from '../../embedded/rollups/roll-up.ts';
import { identifier, literal } from '../influxql.ts';
import type { InfluxQueries, Series } from '../influx-queries.ts';
import { encodeFloat, encodeKey, encodeMeasurement, encodeString } from '../line-protocol.ts';
import { countsOfLine } from '../refused-line.ts';
import { during } from '../store-inventory.ts';
import { catalogMeasurement, type CatalogEntry } from '../stream-catalog.ts';
import type { ShardSpan } from './shard-spans.ts';

/** Gaps, as `batch-to-lines.ts` writes them. */
export const gapMeasurement = 'fieldline_gap';

/** Line protocol that one drop may keep, in characters: it stands in the state file meanwhile. */
export const stayingCharsMax = 64 * 1024 * 1024;

/** Points that stay when their shards go, as line protocol. */
export interface StayingPoints {
  readonly lines: string;
  /** The readings among them, by stream. */
  readonly counts: ReadonlyMap<StreamName, number>;
}

/** Whether windows of this kind stay, since no rollup can hold them: those of a day, or of seven seconds. */
export function stays(window: string): boolean {
  return possibleBits(window) === 0;
}

/**
 * Reads what is not readings, and what no rollup can hold: gaps, what is known of streams, windows that stay. Rejects as `ask` does, and
 * with a RangeError where it is more than `stayingCharsMax`.
 */
export async function stayingPoints(
  queries: InfluxQueries,
  entries: readonly CatalogEntry[],
  span: ShardSpan,
): Promise<StayingPoints> {
  const types = [...new Set(entries.flatMap((entry) => [...entry.types]))];
  const kinds = await staying(queries, types);
  const of = [gapMeasurement, catalogMeasurement].map((name) => ({ name, where: `time > 0` }));
  const windows = kinds.map(({ type, window }) => ({ name: type, where: `"window" = ${literal(window)}` }));
  let lines = '';
  const counts = new Map<StreamName, number>();
  for (const { name, where } of [...of, ...windows]) {
    const statement = `SELECT * FROM ${identifier(name)} WHERE ${where}${during(span)} GROUP BY *`;
    const [series = []] = await queries.ask(statement);
    for (const each of series) lines += linesOf(each, counts);
    if (lines.length > stayingCharsMax)
      throw new RangeError(`Gaps and long windows there take more than ${stayingCharsMax} characters.`);
  }
  return { lines, counts };
}

/** The kinds of window that stay, by measurement. */
async function staying(
  queries: InfluxQueries,
  types: readonly string[],
): Promise<{ type: string; window: string }[]> {
  if (types.length === 0) return [];
  const statements = types.map((type) => `SHOW TAG VALUES FROM ${identifier(type)} WITH KEY = "window"`);
  const answers = await queries.ask(...statements);
  return answers.flatMap((series, index) =>
    series
      .flatMap(({ values }) => values.map(([, window]) => String(window)))
      .filter(stays)
      .map((window) => ({ type: types[index] ?? '', window })),
  );
}

/** One series of `SELECT * … GROUP BY *` as it was written: every field a float or a string. Adds its readings to `counts`. */
function linesOf({ name = '', tags = {}, columns, values }: Series, counts: Map<StreamName, number>): string {
  const measurement = encodeMeasurement(name);
  if (!measurement.ok) return '';
  const series =
    measurement.value +
    Object.entries(tags)
      .filter(([, value]) => value !== '')
      .map(([key, value]) => `,${encoded(key)}=${encoded(value)}`)
      .join('');
  let lines = '';
  for (const [timeUs, ...cells] of values) {
    const fields = cells.flatMap((cell, index) => fieldOf(columns[index + 1] ?? '', cell));
    if (fields.length === 0) continue;
    const line = `${series} ${fields.join(',')} ${Number(timeUs)}`;
    lines += `${line}\n`;
    for (const [stream, count] of Object.entries(countsOfLine(line, '')))
      add(counts, streamOf(tags['device'] ?? '', stream), count);
  }
  return lines;
}

function fieldOf(name: string, cell: number | string | boolean | null | undefined): string[] {
  if (cell === null || cell === undefined) return [];
  if (typeof cell === 'number') return [`${encoded(name)}=${encodeFloat(cell)}`];
  return [`${encoded(name)}=${typeof cell === 'string' ? encodeString(cell) : String(cell)}`];
}

/** What InfluxDB holds was written, so that it can be written. */
function encoded(name: string): string {
  const key = encodeKey(name);
  return key.ok ? key.value : '';
}

function streamOf(device: string, sensorAndQuantity: string): StreamName {
  const [sensor = '', quantity = ''] = sensorAndQuantity.split('/');
  return streamName(device, sensor, quantity);
}

function add(counts: Map<StreamName, number>, stream: StreamName, count: number): void {
  counts.set(stream, (counts.get(stream) ?? 0) + count);
}
