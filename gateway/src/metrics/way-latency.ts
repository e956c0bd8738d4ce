import { OneReadingBatch, type Batch } from '@fieldline/protocol';
import { RollingLatency } from './rolling-latency.ts';

/** Batches looked at a second: enough for a 99th percentile, and nothing beside the work of ingest. */
const sampleIntervalMs = 5;

/**
 * From the time of a reading (of a window: its end) to the places that it passes before the stores: the device's outbox
 * (when its batch was sealed), the gateway's end of the uplink (when the batch had arrived and was decoded), the journal (when it
 * was durable). One reading a batch, live lane only: a backlog is late by its nature.
 */
export class WayLatency {
  readonly outbox: RollingLatency;
  readonly uplink: RollingLatency;
  readonly journal: RollingLatency;
  readonly #nowUs: () => number;
  #arrivedAtMs = Number.NEGATIVE_INFINITY;

  /** `nowUs`: the wall clock, since it is compared with the times of readings. */
  constructor(nowUs: () => number) {
    const nowMs = (): number => nowUs() / 1000;
    this.#nowUs = nowUs;
    this.outbox = new RollingLatency(nowMs);
    this.uplink = new RollingLatency(nowMs);
    this.journal = new RollingLatency(nowMs);
  }

  /** A batch has come from the uplink, and is new. At most one in five milliseconds is looked at. */
  arrived(batch: Batch): void {
    const nowUs = this.#nowUs();
    // A clock that was set back must not end the sampling.
    if (Math.abs(nowUs / 1000 - this.#arrivedAtMs) < sampleIntervalMs) return;
    this.#arrivedAtMs = nowUs / 1000;
    const timeUs = sampleTimeUs(batch);
    if (timeUs === undefined) return;
    this.uplink.record((nowUs - timeUs) / 1000);
    this.outbox.record((batch.sentAt - timeUs) / 1000);
  }

  /** A batch is durable since `atUs`. */
  journaled(batch: Batch, atUs: number): void {
    const timeUs = sampleTimeUs(batch);
    if (timeUs !== undefined) this.journal.record((atUs - timeUs) / 1000);
  }
}

/** The middle of the readings (or windows) of a batch stands for all; undefined where there are none, or they are old. */
function sampleTimeUs(batch: Batch): number | undefined {
  if (batch.lane !== 'live' || batch.clock === 'unset') return undefined;
  if (batch instanceof OneReadingBatch) return batch.timeUs;
  for (const block of batch.sensors) {
    if (block.kind === 'gaps' || block.extra) continue;
    const times = block.kind === 'readings' ? block.t : block.end;
    const middle = times[times.length >> 1];
    if (middle !== undefined) return middle;
  }
  return undefined;
}
