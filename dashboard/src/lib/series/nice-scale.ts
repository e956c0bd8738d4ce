/** A value axis: its ends and the places of its lines, all multiples of `step`. */
export interface NiceScale {
  readonly low: number;
  readonly high: number;
  readonly step: number;
  readonly ticks: number[];
}

/** The smallest of 1, 2, 5 times a power of ten that is not below `atLeast` (> 0). */
export function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const scaled = atLeast / power;
  const factor = scaled <= 1 ? 1 : scaled <= 2 ? 2 : scaled <= 5 ? 5 : 10;
  return factor * power;
}

/**
 * A scale that holds `min` to `max` with a little air and about `divisions` steps. Its ends are multiples of its
 * step: it stays put while values wander within it. `smallestSpan` keeps the noise of a constant from
 * filling the picture.
 */
export function niceScale(min: number, max: number, divisions: number, smallestSpan: number): NiceScale {
  const middle = (min + max) / 2;
  const half = Math.max(max - min, smallestSpan) * 0.54;
  const step = niceStep((2 * half) / divisions);
  const lowest = Math.floor((middle - half) / step);
  // What was never negative is not drawn on an axis that is.
  const low = min >= 0 ? Math.max(0, lowest) : lowest;
  const high = Math.ceil((middle + half) / step);
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => roundTo((low + index) * step, step));
  return { low: roundTo(low * step, step), high: roundTo(high * step, step), step, ticks };
}

/** The scale of a bearing: the whole circle, in quarters. */
export const circleScale: NiceScale = { low: 0, high: 360, step: 90, ticks: [0, 90, 180, 270, 360] };

/** Decimals that tell multiples of `step` apart. */
export function decimalsOfStep(step: number): number {
  return Math.max(0, Math.min(9, -Math.floor(Math.log10(step) + 1e-9)));
}

function roundTo(value: number, step: number): number {
  return Number(value.toFixed(decimalsOfStep(step)));
}
