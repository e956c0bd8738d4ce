const second = 1_000_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Distances between two ticks, in µs, that a clock face would use. */
const tickStepsUs = [1, 2, 5, 10, 20, 50, 100, 200, 500]
  .map((n) => n * 1000)
  .concat(
    [1, 2, 5, 10, 15, 30].map((n) => n * second),
    [1, 2, 5, 10, 15, 30].map((n) => n * minute),
    [1, 2, 3, 6, 12, 24].map((n) => n * hour),
  );

/** Round times within `[fromUs, toUs]`. */
export interface TimeTicks {
  readonly stepUs: number;
  readonly ticksUs: number[];
}

/**
 * At most `most` round times within `[fromUs, toUs]`. `zoneOffsetUs` is the local time's distance from UTC, so
 * that hours are round on the reader's clock.
 */
export function timeTicks(fromUs: number, toUs: number, most: number, zoneOffsetUs = 0): TimeTicks {
  const wanted = (toUs - fromUs) / Math.max(1, most);
  const longest = tickStepsUs.at(-1) ?? hour;
  const stepUs = tickStepsUs.find((step) => step >= wanted) ?? Math.ceil(wanted / longest) * longest;
  const ticksUs: number[] = [];
  const first = Math.ceil((fromUs + zoneOffsetUs) / stepUs) * stepUs - zoneOffsetUs;
  for (let tick = first; tick <= toUs; tick += stepUs) ticksUs.push(tick);
  return { stepUs, ticksUs };
}
