import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the virtual sensors of a demo wrote, by their own record: readings by `device/sensor/quantity`. This
 * count shares no code with agent and gateway.
 */
export function countRecorded(demoHome: string): Map<string, number> {
  const folder = join(demoHome, 'demo', 'records');
  const counts = new Map<string, number>();
  for (const file of readdirSync(folder)) countFile(join(folder, file), streamPrefix(file), counts);
  return counts;
}

/** `greenhouse-1-air.ndjson` → `greenhouse-1/air`: the demo's sensors have names without a hyphen. */
function streamPrefix(file: string): string {
  const name = file.replace(/\.ndjson$/, '');
  const split = name.lastIndexOf('-');
  return `${name.slice(0, split)}/${name.slice(split + 1)}`;
}

function countFile(path: string, prefix: string, counts: Map<string, number>): void {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  for (const line of lines) {
    const { readings } = JSON.parse(line) as { readings: Record<string, number | number[]> };
    for (const [quantity, value] of Object.entries(readings)) {
      const stream = `${prefix}/${quantity}`;
      counts.set(stream, (counts.get(stream) ?? 0) + (Array.isArray(value) ? value.length : 1));
    }
  }
}

/** The sum over all streams. */
export function totalOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** One reading of a sensor's own record. */
export interface Recorded {
  /** When the kernel took its frame, µs UTC. */
  readonly atUs: number;
  readonly value: number;
}

/** The readings of one quantity in the record of one virtual sensor, in order. */
export function readRecord(path: string, quantity: string): Recorded[] {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    const { atUs, readings } = JSON.parse(line) as {
      atUs: number;
      readings: Record<string, number | number[]>;
    };
    const values = readings[quantity] ?? [];
    return [values].flat().map((value) => ({ atUs, value }));
  });
}
