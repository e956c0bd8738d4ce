import type { Outbox, SealedBatch } from '../outbox/outbox.ts';
import type { Pace } from './pace.ts';

/** One of the two ways on which batches go out beside one another. */
export interface LaneOptions {
  readonly outbox: Outbox;
  /** The part of the outbox that this lane empties: `[from, to)`. */
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
 * Sends what waits in its part of the outbox, in order, and what is sealed there later; ends at `to`, or when
 * the signal aborts. A batch is acknowledged in the outbox only at its PUBACK.
 */
export async function runLane(options: LaneOptions): Promise<void> {
  const { outbox, to, inFlightMax, signal } = options;
  const inFlight = new Set<Promise<void>>();
  let next = options.from;
  while (!signal.aborted && next < to) {
    if (inFlight.size >= inFlightMax) {
      await Promise.race(inFlight);
      continue;
    }
    // Taken before looking: what is sealed meanwhile is found at the next turn.
    const end = outbox.nextOffset;
    const batch = await outbox.nextWaiting(next, to);
    if (batch === undefined) {
      if (end >= to || !(await outbox.waitFor(end, signal))) break;
      continue;
    }
    next = batch.offset + 1;
    if (options.pace && !(await options.pace.take(signal))) break;
    // Claimed only on a session that stands: the owner releases what is in flight when it ends.
    if (hasEnded(signal) || !outbox.claim(batch.offset)) continue;
    const sending = deliver(options, batch).finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  }
  await Promise.all(inFlight);
}

function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function deliver({ outbox, send, signal }: LaneOptions, batch: SealedBatch): Promise<void> {
  try {
    await send(batch);
    if (!signal.aborted) outbox.acknowledge(batch.offset);
  } catch {
    // The connection is ending: the owner releases what was in flight, and it is sent again.
  }
}
