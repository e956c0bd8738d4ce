const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** Steps of a chart for those who want less motion, in µs: it still moves, but does not glide. */
const reducedStepUs = 2_000_000;

/** By how much a chart moves at once, in µs: one pixel, so that nothing is drawn that nobody could see. */
export function moveStepUs(pixelUs: number): number {
  return reducedMotion.matches ? Math.max(pixelUs, reducedStepUs) : pixelUs;
}
