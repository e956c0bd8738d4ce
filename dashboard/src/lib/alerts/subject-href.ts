import type { Alert } from '@fieldline/protocol';
import { deviceHref, exploreHref } from '../state/routes.ts';
import { writeTimeChoice } from '../state/time-address.ts';

/** What is shown before an alert and after it, in µs. */
const marginUs = 300e6;

/** Where the subject of an alert can be looked at: its stream at that time, its device, or the pipeline. */
export function subjectHref({ kind, subject, sinceUs, resolvedAtUs }: Alert, nowUs: number): string {
  if (kind === 'stage') return '/pipeline';
  const parts = subject.split('/');
  if (parts.length < 3) return deviceHref(parts[0] ?? subject);
  const query = new URLSearchParams();
  const toUs = Math.min((resolvedAtUs ?? nowUs) + marginUs, nowUs);
  writeTimeChoice(query, { kind: 'frozen', fromUs: sinceUs - marginUs, toUs: Math.max(toUs, sinceUs) });
  return `${exploreHref([subject])}&${query}`;
}
