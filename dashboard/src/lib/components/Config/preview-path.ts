import type { DryRunDrawing } from '@fieldline/protocol';

/** The picture of a preview in the coordinates of its SVG. */
export interface PreviewPath {
  readonly raw: string;
  /** What would be sent: a step for each window, or a line through single readings. */
  readonly sent: string;
  readonly band: string;
  readonly low: number;
  readonly high: number;
}

/** Draws both lines into `width` by `height`; undefined where there is nothing to draw. */
export function previewPath(
  { raw, sent }: DryRunDrawing,
  { width, height }: { width: number; height: number },
): PreviewPath | undefined {
  const [fromUs, toUs] = [raw.t[0], raw.t.at(-1)];
  if (fromUs === undefined || toUs === undefined || toUs <= fromUs) return undefined;
  const low = raw.v.reduce((least, value) => Math.min(least, value));
  const high = raw.v.reduce((most, value) => Math.max(most, value));
  const span = Math.max(high - low, Math.abs(high) * 1e-6, 1e-9);
  const x = (timeUs: number) => (((timeUs - fromUs) / (toUs - fromUs)) * width).toFixed(1);
  const y = (value: number) => (height - 3 - ((value - low) / span) * (height - 6)).toFixed(1);
  const line = (times: readonly number[], values: readonly number[]) =>
    times.map((timeUs, row) => `${row === 0 ? 'M' : 'L'}${x(timeUs)},${y(values[row] ?? 0)}`).join('');
  const { start, end, mean, min, max } = sent;
  const isWindows = start.some((timeUs, row) => (end[row] ?? 0) > timeUs);
  const step = (row: number) => `M${x(start[row] ?? 0)},${y(mean[row] ?? 0)}H${x(end[row] ?? 0)}`;
  const box = (row: number) =>
    `M${x(start[row] ?? 0)},${y(max[row] ?? 0)}H${x(end[row] ?? 0)}V${y(min[row] ?? 0)}H${x(start[row] ?? 0)}Z`;
  return {
    raw: line(raw.t, raw.v),
    sent: isWindows ? start.map((_, row) => step(row)).join('') : line(start, mean),
    band: isWindows ? start.map((_, row) => box(row)).join('') : '',
    low,
    high,
  };
}
