/** How long a change waits for a boundary that old and new windows share, in microseconds. */
export const sharedBoundaryWaitUsMax = 15_000_000;
/** How long a change waits for the end of the windows that it replaces; longer ones are cut, as partial. */
export const boundaryWaitUsMax = 60_000_000;

/**
 * When a change is applied (µs UTC), not before `earliestUs`: at a boundary of every old and new window, if
 * one is near; else where the old windows end; at once where those are too long to wait for. Windows begin at
 * multiples of their length, so that a boundary is a common multiple. `lastUs`, `nextUs`: lengths, 0 for none.
 */
export function switchTime(
  earliestUs: number,
  lengths: { readonly lastUs: readonly number[]; readonly nextUs: readonly number[] },
): number {
  const last = lengths.lastUs.filter((lengthUs) => lengthUs > 0);
  const next = lengths.nextUs.filter((lengthUs) => lengthUs > 0);
  const shared = nextMultiple(earliestUs, [...last, ...next]);
  if (shared - earliestUs <= sharedBoundaryWaitUsMax) return shared;
  const end = nextMultiple(earliestUs, last);
  return end - earliestUs <= boundaryWaitUsMax ? end : earliestUs;
}

function nextMultiple(fromUs: number, lengthsUs: readonly number[]): number {
  const stepUs = lengthsUs.reduce(leastCommonMultiple, 1);
  return Number.isSafeInteger(stepUs) ? Math.ceil(fromUs / stepUs) * stepUs : Number.POSITIVE_INFINITY;
}

function leastCommonMultiple(a: number, b: number): number {
  let [larger, smaller] = [a, b];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return (a / larger) * b;
}
