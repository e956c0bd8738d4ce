import { OneReadingBatch, type Batch } from '@fieldline/protocol';
import { RateMeter } from '../metrics/rate-meter.ts';
import { RollingLatency } from '../metrics/rolling-latency.ts';
import type { JournaledBatch } from './sink.ts';

/** Latencies for which the room is kept from write to write. */
const keptLatencies = 8192;

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
  readonly #block = new LatencyBlock();
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
    const latencies = this.#block;
    latencies.begin();
    for (let index = 0; index < entries.length; index++)
      latencies.add((nowUs - entries[index]!.receivedAtUs) / 1000);
    this.latency.recordBlock(latencies.all);
    latencies.begin();
    for (let index = 0; index < entries.length; index++) {
      const { batch } = entries[index]!;
      if (batch.lane === 'live') addSensorLatencies(latencies, batch, nowUs);
    }
    this.sensorLatency.recordBlock(latencies.all);
  }

  /** The part of the last seconds that was spent writing, 0 to 1. */
  get utilization(): number {
    return Math.min(1, this.#busy.perSec() / 1000);
  }
}

/** Adds now minus the time of each reading, or of each window's end, in milliseconds. */
function addSensorLatencies(latencies: LatencyBlock, batch: Batch, nowUs: number): void {
  if (batch instanceof OneReadingBatch) {
    latencies.add((nowUs - batch.timeUs) / 1000);
    return;
  }
  for (const block of batch.sensors) {
    if (block.kind === 'gaps' || block.extra) continue;
    const times = block.kind === 'readings' ? block.t : block.end;
    for (let index = 0; index < times.length; index++) latencies.add((nowUs - times[index]!) / 1000);
  }
}

/** Latencies that are recorded together; its room is used again. */
class LatencyBlock {
  #values = new Float64Array(keptLatencies);
  #used = 0;

  get all(): Float64Array {
    return this.#values.subarray(0, this.#used);
  }

  begin(): void {
    this.#used = 0;
    // What one large write needed is not kept for ever.
    if (this.#values.length > keptLatencies) this.#values = new Float64Array(keptLatencies);
  }

  add(latencyMs: number): void {
    if (this.#used === this.#values.length) {
      const larger = new Float64Array(2 * this.#values.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#used++] = latencyMs;
  }
}
