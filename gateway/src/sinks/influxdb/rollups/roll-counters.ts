import type { Counter } from '../../../parts.ts';
import type { RollTurns } from './roll-turns.ts';

/** What rolling up came to, for `/metrics`. */
export function rollCounters({ hours, failures }: Pick<RollTurns, 'hours' | 'failures'>): Counter[] {
  return [
    counter(
      'fieldline_influxdb_rolled_hours_total',
      'Hours of streams rolled up in InfluxDB, repetitions counted.',
      hours,
    ),
    counter(
      'fieldline_influxdb_roll_failures_total',
      'Failed attempts to roll hours up in InfluxDB.',
      failures,
    ),
  ];
}

function counter(name: string, help: string, value: number): Counter {
  return { name, help, kind: 'counter', samples: [{ labels: {}, value }] };
}
