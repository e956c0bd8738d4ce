import { refused, accepted, type Result } from '@fieldline/protocol';

/** What becomes of values outside the table. */
export type Outside = 'drop' | 'clamp' | 'extrapolate';

/** A table of x and y, x rising, at least two points. */
export interface Table {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Reads pairs in any order; refuses two of the same x. */
export function toTable(points: readonly (readonly number[])[]): Result<Table> {
  const sorted = [...points].sort((one, other) => (one[0] ?? 0) - (other[0] ?? 0));
  const x = Float64Array.from(sorted, ([each]) => each ?? 0);
  const y = Float64Array.from(sorted, ([, each]) => each ?? 0);
  const twice = x.findIndex((each, index) => index > 0 && each === x[index - 1]);
  if (twice > 0) return refused('CONFIG_INVALID_VALUE', `table.points: ${x[twice]} stands there twice`);
  return accepted({ x, y });
}

/** y at `value`, linearly between the neighbours; NaN outside the table where `outside` is `drop`. */
export function interpolate({ x, y }: Table, value: number, outside: Outside): number {
  const last = x.length - 1;
  if (value < x[0]! || value > x[last]!) {
    if (outside === 'drop') return Number.NaN;
    if (outside === 'clamp') return value < x[0]! ? y[0]! : y[last]!;
  }
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle]! <= value) low = middle;
    else high = middle;
  }
  const share = (value - x[low]!) / (x[high]! - x[low]!);
  return y[low]! * (1 - share) + y[high]! * share;
}
