import type { Counter } from '../../../parts.ts';
import type { RetiredReadings } from './retired-readings.ts';
import type { RetireTurns } from './retire-turns.ts';

/** What retention came to, for `/metrics`. */
export function retireCounters(
  { total }: Pick<RetiredReadings, 'total'>,
  { failures, held, refusals }: Pick<RetireTurns, 'failures' | 'held' | 'refusals'>,
): Counter[] {
  return [
    {
      name: 'fieldline_influxdb_retired_readings_total',
      help: 'Readings that were older than InfluxDB is to keep them, and are gone but for their rollups.',
      kind: 'counter',
      samples: [{ labels: {}, value: total }],
    },
    {
      name: 'fieldline_influxdb_retire_failures_total',
      help: 'Failed attempts to remove readings from InfluxDB that are older than they are kept.',
      kind: 'counter',
      samples: [{ labels: {}, value: failures }],
    },
    {
      name: 'fieldline_influxdb_retire_held_total',
      help: 'Turns in which readings in InfluxDB were older than they are kept and did not go, by `reason`.',
      kind: 'counter',
      samples: held.counts.map(([reason, value]) => ({ labels: { reason }, value })),
    },
    {
      name: 'fieldline_influxdb_stay_refusals_total',
      help: 'Gaps or long windows that InfluxDB refused to take again: their shard is kept, or they wait in the state file.',
      kind: 'counter',
      samples: [{ labels: {}, value: refusals }],
    },
  ];
}
