import type { Batch, GapsBlock, SensorBlock, WindowsBlock, WindowsField } from '@fieldline/protocol';
import { Moments, Sketch } from '@fieldline/protocol/aggregate';

/** The reason under which batches are declared dropped whose readings the declaring batch carries as windows. */
export const thinned = 'thinned';

/** Lengths that windows are thinned to. */
const ladder: readonly (readonly [text: string, lengthUs: number])[] = [
  ['10s', 10e6],
  ['1m', 60e6],
  ['10m', 600e6],
  ['1h', 3600e6],
  ['6h', 21_600e6],
  ['1d', 86_400e6],
];
/** A window costs about ten times a packed reading: so many readings must go into one. */
const readingsPerWindowMin = 60;
/** So many windows must go into one. */
const windowsPerWindowMin = 4;

interface Coarse {
  readonly moments: Moments;
  sketch: Sketch | undefined;
}

interface Plan {
  readonly window: string;
  readonly lengthUs: number;
}

/** One sensor's readings and windows as they are gathered into coarser windows. */
interface SensorWindows {
  readonly type: string;
  readonly plan: Plan;
  readonly units: Map<string, string>;
  /** By start, then by quantity. */
  readonly windows: Map<number, Map<string, Coarse>>;
}

/**
 * Gathers the readings and windows of batches into coarser windows, so that an outbox that is full keeps the
 * shape of a long outage. Gaps are kept as they are; copies (`extra`) are left out.
 */
export class Thinner {
  readonly #sensors = new Map<string, SensorWindows>();
  readonly #gaps: SensorBlock[] = [];
  /** Rows that were gathered. */
  rows = 0;

  /** Takes a batch whole; false, and nothing is taken, where it holds something that is coarse enough already. */
  add({ sensors, clock }: Batch): boolean {
    if (clock === 'unset') return false;
    const blocks = sensors.filter((block) => block.kind !== 'gaps' && block.extra !== true);
    const plans = blocks.map((block) => planOf(block));
    if (plans.includes(undefined)) return false;
    blocks.forEach((block, index) => {
      const plan = plans[index];
      if (!plan || block.kind === 'gaps') return;
      this.rows += block.kind === 'readings' ? block.t.length : block.start.length;
      this.#gather(block, plan);
    });
    this.#gaps.push(...sensors.filter(({ kind }) => kind === 'gaps'));
    return true;
  }

  /** What was gathered, as blocks of windows; the first and the last of each may have another half. */
  finish(): SensorBlock[] {
    const blocks = [...this.#sensors].map(([key, sensor]) => toBlock(key.split(' ')[0] ?? key, sensor));
    return [...blocks, ...this.#gaps];
  }

  #gather(block: Exclude<SensorBlock, GapsBlock>, plan: Plan): void {
    const key = `${block.sensor} ${plan.window}`;
    const sensor = this.#sensors.get(key) ?? {
      type: block.type,
      plan,
      units: new Map<string, string>(),
      windows: new Map<number, Map<string, Coarse>>(),
    };
    this.#sensors.set(key, sensor);
    if (block.kind === 'windows') gatherWindows(sensor, block);
    else {
      for (const [quantity, { unit, v }] of Object.entries(block.fields)) {
        sensor.units.set(quantity, unit);
        v.forEach((value, row) => {
          if (Number.isNaN(value)) return;
          const atUs = block.t[row] ?? 0;
          coarseAt(sensor, quantity, atUs).moments.record(value, atUs);
        });
      }
    }
  }
}

function gatherWindows(sensor: SensorWindows, block: WindowsBlock): void {
  for (const [quantity, field] of Object.entries(block.fields)) {
    sensor.units.set(quantity, field.unit);
    field.count.forEach((count, row) => {
      if (count === 0) return;
      const startUs = block.start[row] ?? 0;
      const coarse = coarseAt(sensor, quantity, startUs);
      const isFirst = coarse.moments.count === 0;
      coarse.moments.merge(Moments.from(valuesAt(field, row), startUs));
      const sketch = sketchAt(field, row);
      // Quantiles are kept where all windows have them.
      if (isFirst) coarse.sketch = sketch;
      else if (sketch && coarse.sketch) coarse.sketch.merge(sketch);
      else coarse.sketch = undefined;
    });
  }
}

function valuesAt(field: WindowsField, row: number): Parameters<typeof Moments.from>[0] {
  const at = (column: Float64Array): number => column[row] ?? Number.NaN;
  const { count, sum, min, max, first, last, m2 } = field;
  return {
    ...{ count: at(count), sum: at(sum), min: at(min), max: at(max) },
    ...{ first: at(first), last: at(last), m2: at(m2) },
  };
}

function sketchAt(field: WindowsField, row: number): Sketch | undefined {
  const bytes = field.sketch?.[row];
  const decoded = bytes ? Sketch.decode(bytes) : undefined;
  return decoded?.ok ? decoded.value : undefined;
}

function coarseAt({ windows, plan }: SensorWindows, quantity: string, atUs: number): Coarse {
  const startUs = Math.floor(atUs / plan.lengthUs) * plan.lengthUs;
  const quantities = windows.get(startUs) ?? new Map<string, Coarse>();
  windows.set(startUs, quantities);
  const coarse = quantities.get(quantity) ?? { moments: new Moments(), sketch: undefined };
  quantities.set(quantity, coarse);
  return coarse;
}

/** How coarse a block becomes; undefined where the ladder ends. */
function planOf(block: SensorBlock): Plan | undefined {
  if (block.kind === 'gaps') return undefined;
  const step = ladder.find(([, lengthUs]) => lengthUs >= lengthMinUs(block));
  return step && { window: step[0], lengthUs: step[1] };
}

function lengthMinUs(block: Exclude<SensorBlock, { kind: 'gaps' }>): number {
  if (block.kind === 'readings') {
    const spanUs = (block.t.at(-1) ?? 0) - (block.t[0] ?? 0);
    return block.t.length > 1 ? (spanUs / (block.t.length - 1)) * readingsPerWindowMin : 60e6;
  }
  const lengths = block.end.map((endUs, row) => endUs - (block.start[row] ?? endUs));
  return lengths.reduce((longest, each) => Math.max(longest, each), 0) * windowsPerWindowMin;
}

function toBlock(sensor: string, { type, plan, units, windows }: SensorWindows): SensorBlock {
  const starts = [...windows.keys()].sort((a, b) => a - b);
  const start = Float64Array.from(starts);
  const partial = Uint8Array.from(starts, (_, row) => (row === 0 || row === starts.length - 1 ? 1 : 0));
  const fields: Record<string, WindowsField> = {};
  for (const [quantity, unit] of units) {
    const rows = starts.map((startUs) => windows.get(startUs)?.get(quantity));
    fields[quantity] = { unit, ...toColumns(rows) };
  }
  const end = start.map((startUs) => startUs + plan.lengthUs);
  return { sensor, type, kind: 'windows', window: plan.window, start, end, partial, fields };
}

function toColumns(rows: readonly (Coarse | undefined)[]): Omit<WindowsField, 'unit'> {
  const column = (of: (moments: Moments) => number): Float64Array =>
    Float64Array.from(rows, (row) => (row ? of(row.moments) : Number.NaN));
  const columns = {
    count: Float64Array.from(rows, (row) => row?.moments.count ?? 0),
    sum: column(({ sum }) => sum),
    min: column(({ min }) => min),
    max: column(({ max }) => max),
    first: column(({ first }) => first),
    last: column(({ last }) => last),
    m2: column(({ m2 }) => m2),
  };
  if (!rows.some((row) => row?.sketch)) return columns;
  return { ...columns, sketch: rows.map((row) => row?.sketch?.encode() ?? null) };
}
