import type { Batch } from '@fieldline/protocol';
import { RateMeter } from '../metrics/rate-meter.ts';
import { RollingLatency } from '../metrics/rolling-latency.ts';
import type { JournaledBatch } from './sink.ts';

/** What one sink did, for `/pipeline` and `/metrics`. Rates count batches, as those of all stages do. */
export class SinkStatistics {
  readonly #nowUs: () => number;
  readonly in: RateMeter;
  readonly out: RateMeter;
  /** Milliseconds spent writing: a second of it a second is full. */
  readonly #busy: RateMeter;
  /** From the journal to the sink, milliseconds. */
  readonly latency: RollingLatency;
  /** From the sensor (of a window: its end) to the sink, milliseconds; live lane only. */
  readonly sensorLatency: RollingLatency;
  errors = 0;

  /** `nowUs`: the wall clock in microseconds, since it is compared with the times of readings. */
  constructor(nowUs: () => number) {
    const nowMs = (): number => nowUs() / 1000;
    this.#nowUs = nowUs;
    this.in = new RateMeter(nowMs);
    this.out = new RateMeter(nowMs);
    this.#busy = new RateMeter(nowMs);
    this.latency = new RollingLatency(nowMs);
    this.sensorLatency = new RollingLatency(nowMs);
  }

  taken(entries: readonly JournaledBatch[]): void {
    this.in.add(entries.length);
  }

  busy(ms: number): void {
    this.#busy.add(ms);
  }

  stored(entries: readonly JournaledBatch[]): void {
    this.out.add(entries.length);
    const nowUs = this.#nowUs();
    for (const { batch, receivedAtUs } of entries) {
      this.latency.record((nowUs - receivedAtUs) / 1000);
      if (batch.lane === 'live') recordSensorLatency(this.sensorLatency, batch, nowUs);
    }
  }

  /** The part of the last seconds that was spent writing, 0 to 1. */
  get utilization(): number {
    return Math.min(1, this.#busy.perSec() / 1000);
  }
}

/** Records now minus the time of each reading, or of each window's end, in milliseconds. */
export function recordSensorLatency(latency: RollingLatency, batch: Batch, nowUs: number): void {
  for (const block of batch.sensors) {
    if (block.kind === 'gaps' || block.extra) continue;
    const times = block.kind === 'readings' ? block.t : block.end;
    if (times.length === 1) latency.record((nowUs - times[0]!) / 1000);
    else latency.recordBlock(times.map((timeUs) => (nowUs - timeUs) / 1000));
  }
}
