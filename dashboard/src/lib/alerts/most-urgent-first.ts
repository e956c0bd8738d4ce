import type { Alert } from '@fieldline/protocol';

const severities = ['critical', 'warning', 'info'] as const;

/** Open alerts as somebody has to see to them: what fires before what is pending, critical first, then the newest. */
export function mostUrgentFirst(alerts: readonly Alert[]): Alert[] {
  const place = ({ state, severity }: Alert) => (state === 'firing' ? 0 : 10) + severities.indexOf(severity);
  return alerts.toSorted((a, b) => place(a) - place(b) || b.id - a.id);
}
