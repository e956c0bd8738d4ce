import { identifier } from '../influxql.ts';
import type { InfluxQueries, Series } from '../influx-queries.ts';
import { secondsOf, shardDuration } from '../rollups/ensure-policies.ts';
import { hourUs } from '../rollups/grains.ts';

/** A stretch of time whose points all lie in shards of its own: what can be dropped at once. */
export interface ShardSpan {
  readonly fromUs: number;
  readonly toUs: number;
}

/** One shard of the policy that readings are stored under. */
export interface Shard extends ShardSpan {
  readonly id: number;
}

/** The policy that readings are stored under, of the answer to `SHOW RETENTION POLICIES`. */
function defaultPolicy(series: readonly Series[]): { name: string; shardDuration: string } | undefined {
  for (const { columns, values } of series) {
    const row = values.find((each) => each[columns.indexOf('default')] === true);
    const shardDuration = String(row?.[columns.indexOf('shardGroupDuration')]);
    if (row) return { name: String(row[columns.indexOf('name')]), shardDuration };
  }
  return undefined;
}

/**
 * Makes new shards of readings as short as InfluxDB would make them for readings that are kept so long: they go by whole shards. Never
 * longer, since shards would overlap. Rejects as `ask` does: this is an administrator's, too.
 */
export async function shortenShards(queries: InfluxQueries, database: string, keepUs: number): Promise<void> {
  const on = `ON ${identifier(database)}`;
  const policy = defaultPolicy((await queries.ask(`SHOW RETENTION POLICIES ${on}`))[0] ?? []);
  const wanted = shardDuration(keepUs);
  if (!policy || secondsOf(policy.shardDuration) <= secondsOf(wanted)) return;
  await queries.ask(`ALTER RETENTION POLICY ${identifier(policy.name)} ${on} SHARD DURATION ${wanted}`);
}

/** The shards of the default policy, in order of time. Only an administrator may ask. Rejects as `ask` does. */
export async function defaultShards(queries: InfluxQueries, database: string): Promise<Shard[]> {
  // One after the other: beside another statement InfluxDB does not say that the database is missing.
  const [policies = []] = await queries.ask(`SHOW RETENTION POLICIES ON ${identifier(database)}`);
  const [databases = []] = await queries.ask('SHOW SHARDS');
  const policy = defaultPolicy(policies)?.name;
  const shards = databases
    .filter(({ name }) => name === database)
    .flatMap(({ columns, values }) => {
      const [id, of, start, end] = ['id', 'retention_policy', 'start_time', 'end_time'].map((name) =>
        columns.indexOf(name),
      ) as [number, number, number, number];
      const timeUs = (cell: unknown): number => Date.parse(String(cell)) * 1000;
      return values
        .filter((row) => row[of] === policy)
        .map((row) => ({ id: Number(row[id]), fromUs: timeUs(row[start]), toUs: timeUs(row[end]) }));
    });
  return shards.sort((a, b) => a.fromUs - b.fromUs);
}

/**
 * Shards in order of time as stretches that begin and end with an hour, since hours are rolled up whole: shards that overlap, because
 * somebody changed their length, or that meet within an hour are one stretch.
 */
export function spansOf(shards: readonly ShardSpan[]): ShardSpan[] {
  const spans: { fromUs: number; toUs: number }[] = [];
  for (const shard of shards) {
    const fromUs = Math.floor(shard.fromUs / hourUs) * hourUs;
    const toUs = Math.ceil(shard.toUs / hourUs) * hourUs;
    const last = spans.at(-1);
    if (last && fromUs < last.toUs) last.toUs = Math.max(last.toUs, toUs);
    else spans.push({ fromUs, toUs });
  }
  return spans;
}
