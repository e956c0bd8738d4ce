import { identifier } from '../influxql.ts';
import type { InfluxQueries } from '../influx-queries.ts';
import { influxGrains, type RollupKeepUs } from './grains.ts';

const dayUs = 86_400_000_000;

/** Makes the retention policies of the rollups, or gives them the durations that are wanted now. Rejects as `ask` does. */
export async function ensurePolicies(
  queries: InfluxQueries,
  database: string,
  keepUs: RollupKeepUs,
): Promise<void> {
  const on = `ON ${identifier(database)}`;
  const [series = []] = await queries.ask(`SHOW RETENTION POLICIES ${on}`);
  const known = new Set(series.flatMap(({ values }) => values.map(([name]) => name)));
  for (const { name, policy } of influxGrains) {
    const verb = known.has(policy) ? 'ALTER' : 'CREATE';
    const replication = verb === 'CREATE' ? ' REPLICATION 1' : '';
    const lengths = `DURATION ${durationText(keepUs[name])}${replication} SHARD DURATION ${shardText(keepUs[name])}`;
    await queries.ask(`${verb} RETENTION POLICY ${identifier(policy)} ${on} ${lengths}`);
  }
}

function durationText(us: number): string {
  return Number.isFinite(us) ? `${Math.ceil(us / 1e6)}s` : 'INF';
}

/** InfluxDB's own rule for a new policy; it does not follow when the duration changes. */
function shardText(keepUs: number): string {
  if (keepUs < 2 * dayUs) return '1h';
  return keepUs <= 180 * dayUs ? '1d' : '7d';
}
