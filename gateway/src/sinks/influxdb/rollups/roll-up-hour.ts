import { Buffer } from 'node:buffer';
import { coarsen, readingsToWindows } from '../../embedded/rollups/coarsen.ts';
import type { WindowRows } from '../../embedded/blocks/windows.ts';
import { encodeFloat, encodeMeasurement } from '../line-protocol.ts';
import type { CatalogEntry } from '../stream-catalog.ts';
import { influxGrains, type InfluxGrain } from './grains.ts';

/** Strings that InfluxDB takes in one field. */
const stringBytesMax = 64 * 1024 - 1;

/** The columns of a window that become fields, beside the sketch. */
const columns = ['count', 'sum', 'min', 'max', 'm2'] as const;

/** What one stream has in one hour: readings in order of time, windows in order of their starts. */
export interface HourRows {
  readonly t: Float64Array;
  readonly v: Float64Array;
  readonly windows: WindowRows;
}

/** One rollup of an hour. */
export interface RollupLines {
  readonly grain: InfluxGrain;
  readonly windows: WindowRows;
  /** One line a window. */
  readonly lines: readonly string[];
}

/**
 * The hour as lines of each rollup, quantiles in sketches: measurement, `device`, `sensor` and fields as of windows, without the
 * tag `window`, since the retention policy says the length. Readings and windows of one minute become one. `shiftUs`, less than a minute:
 * how long after the start of its window each point stands, so that it replaces no other of that window.
 */
export function hourToLines(
  entry: Pick<CatalogEntry, 'device' | 'sensor' | 'quantity' | 'type'>,
  rows: HourRows,
  shiftUs = 0,
): RollupLines[] {
  const measurement = encodeMeasurement(entry.type);
  // A type that is no measurement has no points either.
  if (!measurement.ok) return [];
  const series = `${measurement.value},device=${entry.device},sensor=${entry.sensor}`;
  const [finest] = influxGrains;
  let windows = coarsen(
    joined(readingsToWindows({ ...rows, q: null }, finest.lengthUs), rows.windows),
    finest.lengthUs,
  );
  return influxGrains.map((grain) => {
    windows = coarsen(windows, grain.lengthUs);
    return { grain, windows, lines: linesOf(series, entry.quantity, windows, shiftUs) };
  });
}

/** The parts of an hour, in order of time, as one. */
export function joinParts(parts: readonly HourRows[]): HourRows {
  const column = (of: (part: HourRows) => Float64Array): Float64Array =>
    Float64Array.from(parts.flatMap((part) => Array.from(of(part))));
  const empty = { t: new Float64Array(0), v: new Float64Array(0) };
  const windows = parts.reduce<WindowRows | undefined>(
    (all, { windows: more }) => (all ? joined(all, more) : more),
    undefined,
  );
  return {
    t: column(({ t }) => t),
    v: column(({ v }) => v),
    windows: windows ?? readingsToWindows({ ...empty, q: null }, 1),
  };
}

/** Both in order of start. */
function joined(some: WindowRows, others: WindowRows): WindowRows {
  const rows = [some, others].flatMap((windows) =>
    Array.from(windows.start, (startUs, at) => ({ startUs, windows, at })),
  );
  rows.sort((a, b) => a.startUs - b.startUs);
  const column = (name: 'start' | 'end' | 'first' | 'last' | (typeof columns)[number]): Float64Array =>
    Float64Array.from(rows, ({ windows, at }) => windows[name][at]!);
  return {
    ...{ start: column('start'), end: column('end'), first: column('first'), last: column('last') },
    ...{
      count: column('count'),
      sum: column('sum'),
      min: column('min'),
      max: column('max'),
      m2: column('m2'),
    },
    partial: new Uint8Array(rows.length),
    sketch: rows.map(({ windows, at }) => windows.sketch[at] ?? null),
  };
}

function linesOf(series: string, quantity: string, windows: WindowRows, shiftUs: number): string[] {
  return Array.from(windows.start, (startUs, at) => {
    const fields = columns.map((name) => `${quantity}_${name}=${encodeFloat(windows[name][at]!)}`);
    const sketch = windows.sketch[at];
    const text = sketch ? Buffer.from(sketch).toString('base64url') : '';
    if (text !== '' && text.length <= stringBytesMax) fields.push(`${quantity}_sketch="${text}"`);
    return `${series} ${fields.join(',')} ${startUs + shiftUs}`;
  });
}
