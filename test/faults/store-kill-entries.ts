import type { StoredEntry } from '../../gateway/src/sinks/embedded/thread-messages.ts';

/** Sensors of the entries: some get readings of their own time, some late ones. */
const sensors = 3;

/** Readings of an entry, a number that follows from its offset: from one to some thousands. */
export function readingsIn(offset: number): number {
  return offset % 17 === 0 ? 3000 : 1 + (offset % 40);
}

/** The sensor of an entry. */
export function sensorOf(offset: number): string {
  return `s${offset % sensors}`;
}

/** The entry of an offset, always the same; every fifth comes late, into times that others have already. */
export function killEntry(offset: number): StoredEntry {
  const count = readingsIn(offset);
  const startUs = (offset % 5 === 0 ? Math.floor(offset / 2) : offset) * 1e6;
  const t = Float64Array.from({ length: count }, (_, index) => startUs + index * 1000);
  const v = Float64Array.from({ length: count }, (_, index) => offset + index / 10_000);
  const fields = { q: { unit: 'V', v } };
  return {
    offset,
    device: 'd',
    sensors: [{ sensor: sensorOf(offset), type: 'x', kind: 'readings', t, fields }],
  };
}
