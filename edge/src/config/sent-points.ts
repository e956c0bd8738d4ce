import type { SensorBlock } from '@fieldline/protocol';

/** What one stream sends: readings (start and end are one) and windows, in order of time. */
export interface SentColumns {
  readonly unit: string;
  readonly start: number[];
  readonly end: number[];
  readonly mean: number[];
  readonly min: number[];
  readonly max: number[];
}

/** Collects what the replay of a configuration would send, by sensor and quantity; copies are left out. */
export class SentPoints {
  readonly streams = new Map<string, SentColumns>();

  /** Takes the blocks of one batch. */
  take(blocks: readonly SensorBlock[]): void {
    for (const block of blocks) {
      if (block.kind === 'gaps' || block.extra === true) continue;
      if (block.kind === 'readings') this.#takeReadings(block);
      else this.#takeWindows(block);
    }
  }

  #takeReadings({ sensor, t, fields }: Extract<SensorBlock, { kind: 'readings' }>): void {
    for (const [quantity, { unit, v }] of Object.entries(fields)) {
      const columns = this.#columns(sensor, quantity, unit);
      for (const [row, value] of v.entries()) {
        const timeUs = t[row];
        if (timeUs !== undefined && !Number.isNaN(value))
          push(columns, timeUs, timeUs, [value, value, value]);
      }
    }
  }

  #takeWindows({ sensor, start, end, fields }: Extract<SensorBlock, { kind: 'windows' }>): void {
    for (const [quantity, { unit, count, sum, min, max }] of Object.entries(fields)) {
      const columns = this.#columns(sensor, quantity, unit);
      for (const [row, readings] of count.entries()) {
        if (readings === 0) continue;
        const values = [sum[row]! / readings, min[row]!, max[row]!] as const;
        push(columns, start[row]!, end[row]!, values);
      }
    }
  }

  #columns(sensor: string, quantity: string, unit: string): SentColumns {
    const name = `${sensor}/${quantity}`;
    const known = this.streams.get(name);
    if (known) return known;
    const columns: SentColumns = { unit, start: [], end: [], mean: [], min: [], max: [] };
    this.streams.set(name, columns);
    return columns;
  }
}

function push(
  columns: SentColumns,
  startUs: number,
  endUs: number,
  [mean, min, max]: readonly [number, number, number],
): void {
  columns.start.push(startUs);
  columns.end.push(endUs);
  columns.mean.push(mean);
  columns.min.push(min);
  columns.max.push(max);
}
