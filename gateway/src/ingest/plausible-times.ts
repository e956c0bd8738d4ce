import { OneReadingBatch, type Batch, type SensorBlock } from '@fieldline/protocol';

/** 2020-01-01T00:00:00Z: no reading of Fieldline is older. A clock below it was never set, or has been reset. */
export const earliestUs = Date.UTC(2020, 0, 1) * 1000;

/**
 * The first time of a batch that cannot be right, as a sentence; undefined where all can. Right is what lies
 * between 2020 and `latestUs`; times that count from the device's boot (`clock: "unset"`) are not judged. A
 * gateway that does not know the time itself judges no future.
 */
export function implausibleTime(
  batch: Batch,
  { nowUs, futureUs }: { readonly nowUs: number; readonly futureUs: number },
): string | undefined {
  const bounds = { from: earliestUs, to: nowUs < earliestUs ? Infinity : nowUs + futureUs };
  if (batch.anchor) {
    const found = outside([batch.anchor.wallUs], bounds);
    if (found !== undefined) return sentence('anchor', found);
  }
  if (batch.clock === 'unset') return undefined;
  if (batch.sentAt > bounds.to) return sentence('sentAt', batch.sentAt);
  if (batch instanceof OneReadingBatch && batch.timeUs >= bounds.from && batch.timeUs <= bounds.to)
    return undefined;
  for (const block of batch.sensors) {
    const found = outsideBlock(block, bounds);
    if (found !== undefined) return sentence(block.sensor, found);
  }
  return undefined;
}

interface Bounds {
  readonly from: number;
  readonly to: number;
}

/** A gap may begin at any time in the past: nothing is claimed to have been measured then. */
function outsideBlock(block: SensorBlock, bounds: Bounds): number | undefined {
  if (block.kind === 'gaps') return outside(block.to, { from: -Infinity, to: bounds.to });
  if (block.kind === 'readings') return outside(block.t, bounds);
  return outside(block.start, bounds) ?? outside(block.end, bounds);
}

function outside(times: ArrayLike<number>, { from, to }: Bounds): number | undefined {
  for (let index = 0; index < times.length; index++) {
    const time = times[index] ?? from;
    if (time < from || time > to) return time;
  }
  return undefined;
}

/** Years beyond what a Date holds are told as the number they came as. */
function sentence(what: string, timeUs: number): string {
  const date = new Date(timeUs / 1000);
  const text = Number.isNaN(date.getTime()) ? `${timeUs} µs` : date.toISOString();
  return `${what}: a time of ${text}.`;
}
