import type { BatchQueue, SealedBatch } from '../outbox/batch-queue.ts';
import type { Pace } from './pace.ts';

/** One of the two ways on which batches go out beside one another. */
export interface LaneOptions {
  readonly queue: BatchQueue;
  /** The part of the queue that this lane empties: `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Batches that may be unacknowledged at once. */
  readonly inFlightMax: number;
  /** Holds the lane back to its rate; none for the live lane. */
  readonly pace?: Pace;
  /** Sends one batch; resolves at its PUBACK, rejects when the connection ends first. */
  readonly send: (batch: SealedBatch) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Sends what waits in its part of the queue, in order, and what is sealed there later; ends at `to`, or when
 * the signal aborts. A batch is acknowledged in the queue only at its PUBACK.
 */
export async function runLane(options: LaneOptions): Promise<void> {
  const { queue, to, inFlightMax, signal } = options;
  const inFlight = new Set<Promise<void>>();
  let next = options.from;
  while (!signal.aborted && next < to) {
    if (inFlight.size >= inFlightMax) {
      await Promise.race(inFlight);
      continue;
    }
    // Taken before looking: what is sealed meanwhile is found at the next turn.
    const end = queue.nextOffset;
    const batch = await queue.nextWaiting(next, to);
    if (batch === undefined) {
      if (end >= to || !(await queue.waitFor(end, signal))) break;
      continue;
    }
    next = batch.offset + 1;
    if (options.pace && !(await options.pace.take(signal))) break;
    // Claimed only on a session that stands: the owner releases what is in flight when it ends.
    if (hasEnded(signal) || !queue.claim(batch.offset)) continue;
    const sending = deliver(options, batch).finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  }
  await Promise.all(inFlight);
}

function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function deliver({ queue, send, signal }: LaneOptions, batch: SealedBatch): Promise<void> {
  try {
    await send(batch);
    if (!signal.aborted) queue.acknowledge(batch.offset);
  } catch {
    // The connection is ending: the owner releases what was in flight, and it is sent again.
  }
}
