import type { LatencyMs } from '@fieldline/protocol';
import { Sketch } from '@fieldline/protocol/aggregate';
import { LatencyHistogram } from './latency-histogram.ts';

/** How long one generation collects; quantiles are over the current and the previous one. */
const generationMs = 60_000;

/** Quantiles of the latencies of the last one to two minutes, within 1 % (DDSketch); constant memory. */
export class RollingLatency {
  /** All of them since the start. */
  readonly histogram = new LatencyHistogram();
  readonly #now: () => number;
  #current = new Sketch();
  #previous = new Sketch();
  #startedAtMs: number;

  /** `now` answers milliseconds of any steadily growing clock. */
  constructor(now: () => number) {
    this.#now = now;
    this.#startedAtMs = now();
  }

  /** Records one latency in milliseconds. */
  record(latencyMs: number): void {
    this.#rotate();
    this.#current.record(latencyMs);
    this.histogram.record(latencyMs);
  }

  /** Records a block of latencies in milliseconds. */
  recordBlock(latenciesMs: Float64Array): void {
    this.#rotate();
    this.#current.recordBlock(latenciesMs);
    this.histogram.recordBlock(latenciesMs);
  }

  quantiles(): LatencyMs {
    this.#rotate();
    const merged = new Sketch();
    merged.merge(this.#previous);
    merged.merge(this.#current);
    if (merged.count === 0) return { p50: null, p95: null, p99: null };
    return { p50: merged.quantile(0.5), p95: merged.quantile(0.95), p99: merged.quantile(0.99) };
  }

  #rotate(): void {
    const ageMs = this.#now() - this.#startedAtMs;
    if (ageMs < generationMs) return;
    this.#previous = ageMs < 2 * generationMs ? this.#current : new Sketch();
    this.#current = new Sketch();
    this.#startedAtMs = this.#now();
  }
}
