import type { Alert } from '@fieldline/protocol';
import type { Style } from './style.ts';
import { table } from './table.ts';

/** Seconds of a time in µs UTC, as people read it. */
export function timeOf(timeUs: number): string {
  return new Date(timeUs / 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Alerts as a table, one a row. */
export function alertTable(alerts: readonly Alert[], style: Style): string {
  const columns = ['number', 'state', 'severity', 'since', 'rule', 'message'];
  const rows = alerts.map((alert) => [
    String(alert.id),
    stateOf(alert, style),
    alert.severity,
    timeOf(alert.sinceUs),
    alert.rule,
    alert.late ? `${alert.message} (late)` : alert.message,
  ]);
  return table(columns, rows, style);
}

function stateOf({ state, acknowledged, silenced }: Alert, style: Style): string {
  if (state === 'resolved') return style.dim('over');
  if (silenced) return style.dim(`${state}, silenced`);
  if (acknowledged !== null) return style.warn(`${state}, seen`);
  return state === 'firing' ? style.bad('firing') : style.warn('pending');
}
