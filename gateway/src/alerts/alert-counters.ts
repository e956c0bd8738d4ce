import type { Counter } from '../parts.ts';
import type { AlertEngine } from './alert-engine.ts';
import type { DeliveryBook } from './delivery/delivery-book.ts';

/** What rules found and what became of the messages, for `/metrics`. */
export function alertCounters(engine: AlertEngine, deliveries: DeliveryBook): Counter[] {
  const open = { pending: 0, firing: 0 };
  for (const { state } of engine.book.open()) if (state !== 'resolved') open[state]++;
  return [
    {
      name: 'fieldline_alerts_open',
      help: 'Alerts that are pending or firing now.',
      kind: 'gauge',
      samples: Object.entries(open).map(([state, value]) => ({ labels: { state }, value })),
    },
    counter('fieldline_alerts_fired_total', 'Alerts that fired.', engine.book.fired),
    counter(
      'fieldline_alert_late_readings_total',
      'Readings that no rule judged, since newer ones of their lane had been judged already.',
      engine.lateReadings,
    ),
    counter(
      'fieldline_alert_subjects_left_total',
      'Subjects that rules cover and that are not followed, for want of room.',
      engine.subjectsLeft,
    ),
    {
      name: 'fieldline_alert_deliveries_total',
      help: 'Attempts to deliver messages about alerts, by channel and outcome.',
      kind: 'counter',
      samples: Array.from(deliveries.counts, ([key, value]) => {
        const [channel = '', outcome = ''] = key.split('\n');
        return { labels: { channel, outcome }, value };
      }),
    },
  ];
}

function counter(name: string, help: string, value: number): Counter {
  return { name, help, kind: 'counter', samples: [{ labels: {}, value }] };
}
