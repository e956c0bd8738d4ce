import type { LiveFrame, LiveReadingColumns } from '../live/live-frame.ts';

const none = new Float64Array(0);

/** A live frame of readings alone, for tests: no windows, no gaps. */
export function readingsFrame(seq: number, readings: LiveReadingColumns): LiveFrame {
  const windows = { ids: none, counts: none, start: none, end: none, count: none };
  return { seq, readings, windows: { ...windows, mean: none, min: none, max: none }, gaps: [] };
}
