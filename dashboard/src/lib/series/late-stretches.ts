import type { TimeSpan } from './time-span.ts';

/** Stretches remembered for one stream; the oldest go first. */
const mostStretches = 100;

/** Arrivals this close belong to one stretch, in µs: a backlog comes in many batches. */
const joinWithinUs = 30_000_000;

/** Adds a stretch whose readings came late to those known, oldest first; what touches becomes one. */
export function addLateStretch(stretches: readonly TimeSpan[], added: TimeSpan): TimeSpan[] {
  const merged: TimeSpan[] = [];
  const sorted = [...stretches, added].toSorted((a, b) => a.fromUs - b.fromUs);
  for (const next of sorted) {
    const last = merged.at(-1);
    if (last && next.fromUs <= last.toUs + joinWithinUs)
      merged[merged.length - 1] = { fromUs: last.fromUs, toUs: Math.max(last.toUs, next.toUs) };
    else merged.push(next);
  }
  return merged.slice(-mostStretches);
}
