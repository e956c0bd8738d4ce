import { identifier } from '../influxql.ts';
import type { InfluxQueries, Series } from '../influx-queries.ts';
import { encodeFloat, encodeKey, encodeMeasurement, encodeString } from '../line-protocol.ts';
import { during } from '../store-inventory.ts';
import type { ShardSpan } from './shard-spans.ts';

/** Which points of one measurement are read. */
export interface PointsPart {
  readonly measurement: string;
  /** A condition on tags; without it all points. */
  readonly where?: string;
}

/** A point as it was written. */
export interface WrittenPoint {
  /** Line protocol without a line break. */
  readonly line: string;
  /** Its tag `device`; empty where it has none. */
  readonly device: string;
}

/** Some points in order of time; or why they cannot be written as they are, which is the last that is heard. */
export type PointsPage =
  | { readonly kind: 'points'; readonly points: readonly WrittenPoint[] }
  | { readonly kind: 'held'; readonly reason: string };

/** The columns of a measurement: a tag and a field may have one name, so that each is asked for as what it is. */
interface Columns {
  readonly tags: readonly string[];
  readonly fields: readonly string[];
}

/**
 * Reads points as line protocol, at most `pointsMax` an answer (at least 2): `GROUP BY *` would limit each series, of which there may be
 * any number. All points of one time come in one page, the next one begins behind it, so that none is missed or told twice. Rejects as
 * `ask` does.
 */
export async function* pointsByTime(
  queries: InfluxQueries,
  part: PointsPart,
  span: ShardSpan,
  pointsMax: number,
): AsyncGenerator<PointsPage> {
  const columns = await columnsOf(queries, part.measurement);
  if (columns.fields.length === 0) return;
  for (let fromUs = span.fromUs; fromUs < span.toUs;) {
    const statement = select(part, columns, { fromUs, toUs: span.toUs });
    const [series = []] = await queries.ask(`${statement} LIMIT ${pointsMax}`);
    const rows = series.flatMap(({ values }) => values);
    const isLast = rows.length < pointsMax;
    // The points of the last time may not all be here.
    const endUs = isLast ? span.toUs : Number(rows.at(-1)?.[0]);
    const points = rows
      .filter(([timeUs]) => Number(timeUs) < endUs)
      .map((row) => pointOf(part.measurement, columns, row));
    if (endUs === fromUs || (!isLast && points.length === 0)) {
      yield {
        kind: 'held',
        reason: `cannot be read in parts: ${pointsMax} or more points stand at one time in “${part.measurement}”`,
      };
      return;
    }
    if (!points.every((point) => point !== undefined)) {
      yield {
        kind: 'held',
        reason: `cannot be written again: “${part.measurement}” has names that line protocol cannot say`,
      };
      return;
    }
    yield { kind: 'points', points };
    fromUs = endUs;
  }
}

async function columnsOf(queries: InfluxQueries, measurement: string): Promise<Columns> {
  const from = identifier(measurement);
  const [tags, fields] = await queries.ask(`SHOW TAG KEYS FROM ${from}`, `SHOW FIELD KEYS FROM ${from}`);
  const names = (series: readonly Series[] = []): string[] =>
    series.flatMap(({ values }) => values.map(([name]) => String(name)));
  return { tags: [...new Set(names(tags))], fields: [...new Set(names(fields))] };
}

function select({ measurement, where }: PointsPart, { tags, fields }: Columns, span: ShardSpan): string {
  const columns = [
    ...tags.map((tag, at) => `${identifier(tag)}::tag AS "t${at}"`),
    ...fields.map((field, at) => `${identifier(field)}::field AS "f${at}"`),
  ];
  const times = during(span).replace(/^ AND /, '');
  const condition = where === undefined ? times : `${where} AND ${times}`;
  return `SELECT ${columns.join(', ')} FROM ${identifier(measurement)} WHERE ${condition}`;
}

/** One row of `select` as it was written: every field a float, a string or a boolean. Undefined where that cannot be said. */
function pointOf(
  measurement: string,
  { tags, fields }: Columns,
  row: Series['values'][number],
): WrittenPoint | undefined {
  const name = encodeMeasurement(measurement);
  if (!name.ok) return undefined;
  let series = name.value;
  for (const [at, tag] of tags.entries()) {
    const value = row[at + 1] ?? '';
    if (value === '') continue;
    const [key, text] = [encodeKey(tag), encodeKey(String(value))];
    if (!key.ok || !text.ok) return undefined;
    series += `,${key.value}=${text.value}`;
  }
  const encoded: string[] = [];
  for (const [at, field] of fields.entries()) {
    const cell = row[at + 1 + tags.length] ?? null;
    if (cell === null) continue;
    const key = encodeKey(field);
    if (!key.ok) return undefined;
    encoded.push(`${key.value}=${encodeCell(cell)}`);
  }
  const device = String(row[tags.indexOf('device') + 1] ?? '');
  const line = `${series} ${encoded.join(',')} ${Number(row[0])}`;
  return { line, device: tags.includes('device') ? device : '' };
}

function encodeCell(cell: number | string | boolean): string {
  if (typeof cell === 'number') return encodeFloat(cell);
  return typeof cell === 'string' ? encodeString(cell) : String(cell);
}
