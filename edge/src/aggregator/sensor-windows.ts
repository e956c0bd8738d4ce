import type { StreamCounters } from '../ledger/ledger.ts';
import { CountWindows } from './count-windows.ts';
import { HoppingGroup } from './hopping-group.ts';
import type { StreamPlan } from './sensor-pipeline.ts';
import { SessionWindows } from './session-windows.ts';
import { WindowGroup } from './window-group.ts';
import type { WindowedStream, WindowShape, WindowSource } from './window-source.ts';

/** Where the readings of one stream are recorded. */
export interface StreamWindows {
  readonly windows: WindowSource;
  /** The number of the stream there. */
  readonly stream: number;
}

/** The windows of one sensor, by the column of its driver's blocks. */
export interface SensorWindows {
  /** What the ledger counts: none for a stream that is carried as raw readings. */
  readonly primary: readonly (StreamWindows | undefined)[];
  /** Hopping windows: what they hold is counted in the primary output. */
  readonly copies: readonly (StreamWindows | undefined)[];
}

/** What the windows of a sensor are made of. */
export interface SensorWindowsOptions {
  readonly streams: readonly StreamPlan[];
  readonly latenessUs: number;
  readonly startedAtUs: number;
}

/** Makes the windows of a sensor. Streams with windows of one length share their blocks. */
export function sensorWindows(
  options: SensorWindowsOptions,
  counters: readonly StreamCounters[],
): SensorWindows {
  const windowed = options.streams.map((plan, column) => toWindowed(plan, column, counters[column]));
  const primary = grouped(options.streams, primaryKey, (columns, plan) => {
    const streams = columns.map((column) => windowed[column]!);
    return primarySource(options, plan, streams);
  });
  const copies = grouped(
    options.streams,
    ({ hopping }) => hopping?.window,
    (columns, { hopping }) => {
      const streams = columns.map((column) => asCopy(windowed[column]!, counters[column]));
      return hopping && new HoppingGroup({ ...options, streams, plan: hopping });
    },
  );
  return { primary, copies };
}

/** How the windows of a stream are cut; undefined for raw readings. */
export function shapeOf({ shape, windowUs }: StreamPlan): WindowShape | undefined {
  return shape ?? (windowUs > 0 ? { kind: 'time', lengthUs: windowUs } : undefined);
}

/** Streams of one key share a source. Windows by count and sessions have bounds of their own for each stream. */
function primaryKey(plan: StreamPlan): string | undefined {
  const shape = shapeOf(plan);
  if (shape === undefined) return undefined;
  return shape.kind === 'time' ? plan.window : `${plan.window} ${plan.quantity}`;
}

function grouped(
  plans: readonly StreamPlan[],
  keyOf: (plan: StreamPlan) => string | undefined,
  create: (columns: readonly number[], plan: StreamPlan) => WindowSource | undefined,
): (StreamWindows | undefined)[] {
  const columnsByKey = new Map<string, number[]>();
  plans.forEach((plan, column) => {
    const key = keyOf(plan);
    if (key !== undefined) columnsByKey.set(key, [...(columnsByKey.get(key) ?? []), column]);
  });
  const found: (StreamWindows | undefined)[] = plans.map(() => undefined);
  for (const columns of columnsByKey.values()) {
    const windows = create(columns, plans[columns[0]!]!);
    if (windows) columns.forEach((column, stream) => (found[column] = { windows, stream }));
  }
  return found;
}

function primarySource(
  options: SensorWindowsOptions,
  plan: StreamPlan,
  streams: readonly WindowedStream[],
): WindowSource | undefined {
  const { latenessUs, startedAtUs } = options;
  const shape = shapeOf(plan);
  const stream = streams[0]!;
  if (shape === undefined) return undefined;
  if (shape.kind === 'count') return new CountWindows({ stream, readings: shape.readings, latenessUs });
  if (shape.kind === 'session') return new SessionWindows({ stream, ...shape, latenessUs, startedAtUs });
  const { window } = plan;
  return new WindowGroup({ streams, window, lengthUs: shape.lengthUs, latenessUs, startedAtUs });
}

function toWindowed(plan: StreamPlan, column: number, counters: StreamCounters | undefined): WindowedStream {
  const { quantity, unit, accuracy } = plan;
  const sketch = plan.sketch && accuracy !== undefined ? { relativeAccuracy: accuracy } : plan.sketch;
  return {
    column,
    quantity,
    unit,
    sketch,
    filter: (reason, count) => counters?.filter(reason, count),
    lose: (reason, count) => counters?.lose(reason, count),
  };
}

/** What copies drop is noted for `stats`; the account of the readings is that of the primary output. */
function asCopy(stream: WindowedStream, counters: StreamCounters | undefined): WindowedStream {
  const note = (reason: string, count: number): void => counters?.note(`copies-${reason}`, count);
  return { ...stream, filter: note, lose: note };
}

/** The sources of some streams, each once. */
export function distinctSources(streams: readonly (StreamWindows | undefined)[]): WindowSource[] {
  return [...new Set(streams.flatMap((each) => (each ? [each.windows] : [])))];
}
