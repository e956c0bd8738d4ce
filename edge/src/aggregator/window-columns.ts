import type { WindowsField } from '@fieldline/protocol';
import type { WindowAccumulator } from '@fieldline/protocol/aggregate';
import type { WindowedStream } from './window-source.ts';

/** A block of windows, without the name of its sensor. */
export interface ClosedWindows {
  readonly window: string;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly partial?: Uint8Array;
  readonly fields: Record<string, WindowsField>;
}

/** One window of the streams of a group. */
export interface ClosedWindow {
  readonly startUs: number;
  readonly endUs: number;
  readonly partial: boolean;
  /** One a stream of the group; none before its first reading. */
  readonly accumulators: readonly (WindowAccumulator | undefined)[];
}

/** The columns of windows, as a batch carries them. */
export function toColumns(
  window: string,
  streams: readonly WindowedStream[],
  windows: readonly ClosedWindow[],
): ClosedWindows {
  const fields: Record<string, WindowsField> = {};
  streams.forEach((stream, index) => {
    if (windows.some(({ accumulators }) => accumulators[index] !== undefined)) {
      fields[stream.quantity] = toField(stream, windows, index);
    }
  });
  const partial = Uint8Array.from(windows, (each) => (each.partial ? 1 : 0));
  return {
    window,
    start: Float64Array.from(windows, ({ startUs }) => startUs),
    end: Float64Array.from(windows, ({ endUs }) => endUs),
    ...(partial.includes(1) ? { partial } : {}),
    fields,
  };
}

function toField(stream: WindowedStream, windows: readonly ClosedWindow[], index: number): WindowsField {
  const moments = windows.map(({ accumulators }) => accumulators[index]?.moments);
  const field = {
    unit: stream.unit,
    count: Float64Array.from(moments, (each) => each?.count ?? 0),
    sum: Float64Array.from(moments, (each) => each?.sum ?? Number.NaN),
    min: Float64Array.from(moments, (each) => each?.min ?? Number.NaN),
    max: Float64Array.from(moments, (each) => each?.max ?? Number.NaN),
    first: Float64Array.from(moments, (each) => each?.first ?? Number.NaN),
    last: Float64Array.from(moments, (each) => each?.last ?? Number.NaN),
    m2: Float64Array.from(moments, (each) => each?.m2 ?? Number.NaN),
  };
  if (stream.sketch === false) return field;
  return { ...field, sketch: windows.map(({ accumulators }) => encodedSketch(accumulators[index])) };
}

function encodedSketch(accumulator: WindowAccumulator | undefined): Uint8Array | null {
  return accumulator !== undefined && accumulator.count > 0 ? (accumulator.sketch?.encode() ?? null) : null;
}
