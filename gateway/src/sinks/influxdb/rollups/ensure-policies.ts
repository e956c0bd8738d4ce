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
  const known = new Map(
    series.flatMap(({ values }) => values.map(([name, duration]) => [name, String(duration)])),
  );
  for (const { name, policy } of influxGrains) {
    const duration = known.get(policy);
    // To change what is right already would ask for an administrator.
    if (duration !== undefined && secondsOf(duration) === wantedSeconds(keepUs[name])) continue;
    const verb = duration === undefined ? 'CREATE' : 'ALTER';
    const replication = verb === 'CREATE' ? ' REPLICATION 1' : '';
    const lengths = `DURATION ${durationText(keepUs[name])}${replication} SHARD DURATION ${shardDuration(keepUs[name])}`;
    await queries.ask(`${verb} RETENTION POLICY ${identifier(policy)} ${on} ${lengths}`);
  }
}

/** Of a duration as InfluxDB writes it: `168h0m0s`, and `0s` for ever. */
export function secondsOf(duration: string): number {
  const [, hours = 0, minutes = 0, seconds = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** 0: for ever. */
function wantedSeconds(keepUs: number): number {
  return Number.isFinite(keepUs) ? Math.ceil(keepUs / 1e6) : 0;
}

function durationText(keepUs: number): string {
  return Number.isFinite(keepUs) ? `${wantedSeconds(keepUs)}s` : 'INF';
}

/** How long a shard is: InfluxDB's own rule for a new policy, which does not follow when the duration changes. */
export function shardDuration(keepUs: number): '1h' | '24h' | '168h' {
  if (keepUs < 2 * dayUs) return '1h';
  return keepUs <= 180 * dayUs ? '24h' : '168h';
}

/** Told once where that is not allowed. */
export const noRollups =
  'InfluxDB lets this user make no retention policies: readings are stored, and not rolled up. An administrator can make fieldline_1m and fieldline_1h, with the durations of influxdb.keepMinutes and keepHours';
