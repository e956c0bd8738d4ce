/** The first delay's upper bound, in ms. */
export const firstDelayMs = 500;

/** No attempt waits longer, in ms. */
export const longestDelayMs = 15_000;

/**
 * The wait before reconnection number `attempt` (0, 1, 2 …) in ms: doubling, with jitter between a half and the
 * whole, so that a hundred screens do not return to a restarted gateway in the same instant.
 * @param random a number in [0, 1)
 */
export function backoffMs(attempt: number, random: number): number {
  const bound = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempt, 16));
  return Math.round(bound * (0.5 + 0.5 * random));
}
