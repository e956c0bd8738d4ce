import { identifier } from '../influxql.ts';
import type { InfluxQueries } from '../influx-queries.ts';
import { during } from '../store-inventory.ts';
import { catalogMeasurement, type CatalogEntry } from '../stream-catalog.ts';
import type { ShardSpan } from './shard-spans.ts';
import { gapMeasurement } from './staying-points.ts';

/** Fields that one statement asks for: it stands in a URL. */
const fieldsPerStatement = 50;

/** What follows the quantity in the fields that the sink writes. */
const suffixes = ['', ...['quality', 'mean', 'count', 'sum', 'min', 'max', 'first', 'last', 'm2', 'sketch'].map((name) => `_${name}`)]; // prettier-ignore

/**
 * Points there that the sink did not write, for people: of a measurement that is no sensor's type, of a sensor that nobody knows, or with
 * a field that is no quantity's. Undefined where there are none. Copies are left aside, since they alone make no stream. Rejects as
 * `ask` does.
 */
export async function foreignPoints(
  queries: InfluxQueries,
  entries: readonly CatalogEntry[],
  span: ShardSpan,
): Promise<string | undefined> {
  const within = `WHERE "extra" = ''${during(span)}`;
  const types = new Set(entries.flatMap((entry) => [...entry.types]));
  const [series = []] = await queries.ask(`SELECT * FROM /.*/ ${within} LIMIT 1`);
  const kept = [gapMeasurement, catalogMeasurement];
  const foreign = series
    .map(({ name = '' }) => name)
    .find((name) => !types.has(name) && !kept.includes(name));
  if (foreign !== undefined) return `the measurement “${foreign}”`;
  for (const type of types) {
    const ofType = entries.filter((entry) => entry.types.has(type));
    const found =
      (await foreignSensor(queries, type, ofType, within)) ??
      (await foreignField(queries, type, ofType, within));
    if (found !== undefined) return found;
  }
  return undefined;
}

async function foreignSensor(
  queries: InfluxQueries,
  type: string,
  entries: readonly CatalogEntry[],
  within: string,
): Promise<string | undefined> {
  const known = new Set(entries.map(({ device, sensor }) => `${device}/${sensor}`));
  const [series = []] = await queries.ask(
    `SELECT * FROM ${identifier(type)} ${within} GROUP BY "device", "sensor" LIMIT 1`,
  );
  const names = series.map(({ tags = {} }) => `${tags['device'] ?? ''}/${tags['sensor'] ?? ''}`);
  const foreign = names.find((name) => !known.has(name));
  return foreign === undefined ? undefined : `“${foreign}” in “${type}”`;
}

async function foreignField(
  queries: InfluxQueries,
  type: string,
  entries: readonly CatalogEntry[],
  within: string,
): Promise<string | undefined> {
  const quantities = entries.flatMap(({ quantity }) => suffixes.map((suffix) => quantity + suffix));
  const known = new Set(['window_end', ...quantities]);
  const [series = []] = await queries.ask(`SHOW FIELD KEYS FROM ${identifier(type)}`);
  const fields = series.flatMap(({ values }) => values.map(([name]) => String(name)));
  const unknown = fields.filter((field) => !known.has(field));
  for (let from = 0; from < unknown.length; from += fieldsPerStatement) {
    const asked = unknown.slice(from, from + fieldsPerStatement);
    // A tag may have the same name.
    const columns = asked.map((field, at) => `${identifier(field)}::field AS "f${at}"`);
    const [rows = []] = await queries.ask(
      `SELECT ${columns.join(', ')} FROM ${identifier(type)} ${within} LIMIT 1`,
    );
    const [row] = rows.flatMap(({ values }) => values);
    const at = row?.slice(1).findIndex((cell) => cell !== null) ?? -1;
    if (at >= 0) return `the field “${asked[at] ?? ''}” of “${type}”`;
  }
  return undefined;
}
