/** Limits of the growing pause between attempts. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** From a tenth of a second to half a minute. */
export const sinkBackoff: BackoffLimits = { firstMs: 100, maxMs: 30_000 };

/**
 * The pause before attempt number `failures` + 1, in milliseconds: full jitter over a doubling ceiling
 * (M. Brooker, "Exponential Backoff And Jitter", AWS 2015), never below half of the ceiling, so that a
 * dead store is not hammered. `random` is in [0, 1).
 */
export function backoffMs(failures: number, limits: BackoffLimits, random: () => number): number {
  const ceilingMs = Math.min(limits.maxMs, limits.firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(ceilingMs / 2 + (random() * ceilingMs) / 2);
}
