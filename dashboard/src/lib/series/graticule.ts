/** Distances between the lines of a graticule in degrees: from the whole world to a few metres. */
const stepsDegrees = [
  45, 30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001,
  0.00005, 0.00002, 0.00001,
];

/** Degrees between two lines, so that about `lines` of them cross `spanDegrees`. */
export function graticuleStep(spanDegrees: number, lines: number): number {
  const wanted = spanDegrees / lines;
  return stepsDegrees.findLast((step) => step >= wanted) ?? 45;
}

/** The multiples of `step` within `[low, high]`, rounded to its decimals. */
export function graticuleLines(low: number, high: number, step: number): number[] {
  const lines: number[] = [];
  for (let n = Math.ceil(low / step); n * step <= high; n += 1) lines.push(Number((n * step).toFixed(6)));
  return lines;
}

/** Decimals that a label of a line needs. */
export function graticuleDecimals(step: number): number {
  return step >= 1 ? 0 : Math.min(5, Math.ceil(-Math.log10(step) - 1e-9));
}
