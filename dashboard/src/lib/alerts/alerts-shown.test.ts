import type { Alert } from '@fieldline/protocol';
import { expect, test } from 'vitest';
import { limitLines } from './limit-lines.ts';
import { mostUrgentFirst } from './most-urgent-first.ts';
import { subjectHref } from './subject-href.ts';

const begun = Date.parse('2026-11-23T10:00:00Z') * 1000;
const alert: Alert = {
  id: 1,
  rule: 'too-warm',
  name: 'Too warm',
  severity: 'warning',
  kind: 'threshold',
  subject: 'store-1/air/temperature',
  state: 'firing',
  sinceUs: begun,
  firedAtUs: begun,
  resolvedAtUs: null,
  value: 9,
  unit: 'Cel',
  message: '',
  acknowledged: null,
  silenced: false,
  late: false,
};

test('what fires comes before what is pending, critical first, then the newest', () => {
  const alerts: Alert[] = [
    { ...alert, id: 5, state: 'pending', severity: 'critical' },
    { ...alert, id: 4, severity: 'info' },
    { ...alert, id: 3 },
    { ...alert, id: 2, severity: 'critical' },
    { ...alert, id: 1, severity: 'critical' },
  ];
  expect(mostUrgentFirst(alerts).map(({ id }) => id)).toEqual([2, 1, 3, 4, 5]);
});

test('a subject leads to its stream at that time, to its device, or to the pipeline', () => {
  const now = begun + 3600e6;
  const href = (part: Partial<Alert>) => subjectHref({ ...alert, ...part }, now);
  const over = new URL(href({ resolvedAtUs: begun + 60e6 }), 'http://gateway/').searchParams;
  expect([over.get('s'), over.get('from'), over.get('to')]).toEqual([
    'store-1/air/temperature',
    '2026-11-23T09:55:00.000Z',
    '2026-11-23T10:06:00.000Z',
  ]);
  // What lasts is shown up to now, and nothing beyond it.
  expect(new URL(href({}), 'http://gateway/').searchParams.get('to')).toBe('2026-11-23T11:00:00.000Z');
  expect(href({ kind: 'silent-device', subject: 'store-1' })).toBe('/devices/store-1');
  expect(href({ kind: 'geofence', subject: 'store-1/gnss' })).toBe('/devices/store-1');
  expect(href({ kind: 'stage', subject: 'live' })).toBe('/pipeline');
});

test('a threshold has its limit as a line, and what ends it as a second one where it is another', () => {
  const span = { fromUs: 1, toUs: 2 };
  const lines = (more: object) =>
    limitLines({ kind: 'threshold', streams: '*', is: 'above', limit: 8, ...more }, span);
  expect(lines({}).map(({ values }) => values)).toEqual([[8, 8]]);
  expect(lines({ clear: 8 })).toHaveLength(1);
  expect(lines({ clear: 6 }).map(({ values, dash }) => [values[0], dash.length])).toEqual([
    [8, 0],
    [6, 2],
  ]);
  expect(limitLines({ kind: 'no-data', streams: '*', after: '5m' }, span)).toEqual([]);
});
