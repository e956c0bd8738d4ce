import type { AlertCondition } from '@fieldline/protocol';
import type { Overlay } from '../components/TimeChart/overlays.ts';
import type { TimeSpan } from '../series/time-span.ts';

/** The lines at which a rule fires, and is over, across a stretch of time; only a threshold has any. */
export function limitLines(condition: AlertCondition, { fromUs, toUs }: TimeSpan): Overlay[] {
  if (condition.kind !== 'threshold') return [];
  const { limit, clear } = condition;
  const timeUs = [fromUs, toUs];
  const lines: Overlay[] = [{ timeUs, values: [limit, limit], colour: 'bad', dash: [] }];
  if (clear !== undefined && clear !== limit) {
    lines.push({ timeUs, values: [clear, clear], colour: 'bad', dash: [6, 4] });
  }
  return lines;
}
