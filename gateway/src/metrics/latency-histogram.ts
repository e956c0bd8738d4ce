/** Upper bounds of the buckets, seconds: from what a fast disk takes to an outage. */
export const histogramBoundsSec: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600,
];

/** Latencies since the start by bucket, as Prometheus takes them; constant memory. */
export class LatencyHistogram {
  /** Of each bucket alone; the last one holds what is beyond the last bound. */
  readonly #counts = new Float64Array(histogramBoundsSec.length + 1);
  /** Of all latencies, seconds. */
  sumSec = 0;
  count = 0;

  /** Takes one latency in milliseconds. A negative one, of a clock that is ahead, counts as 0. */
  record(latencyMs: number): void {
    const sec = Math.max(0, latencyMs / 1000);
    const bucket = bucketOf(sec);
    this.#counts[bucket] = this.#counts[bucket]! + 1;
    this.sumSec += sec;
    this.count++;
  }

  /** Takes many latencies in milliseconds; those of one batch mostly lie in one bucket. */
  recordBlock(latenciesMs: Float64Array): void {
    let least = Infinity;
    let most = -Infinity;
    let sumMs = 0;
    for (let index = 0; index < latenciesMs.length; index++) {
      const latencyMs = Math.max(0, latenciesMs[index]!);
      if (latencyMs < least) least = latencyMs;
      if (latencyMs > most) most = latencyMs;
      sumMs += latencyMs;
    }
    const bucket = bucketOf(least / 1000);
    if (bucket === bucketOf(most / 1000)) {
      this.#counts[bucket] = this.#counts[bucket]! + latenciesMs.length;
      this.sumSec += sumMs / 1000;
      this.count += latenciesMs.length;
    } else for (let index = 0; index < latenciesMs.length; index++) this.record(latenciesMs[index]!);
  }

  /** How many were at most as long as each bound, in the order of `histogramBoundsSec`. */
  cumulative(): number[] {
    let sum = 0;
    return histogramBoundsSec.map((_, bucket) => (sum += this.#counts[bucket]!));
  }
}

function bucketOf(sec: number): number {
  let bucket = 0;
  while (bucket < histogramBoundsSec.length && sec > histogramBoundsSec[bucket]!) bucket++;
  return bucket;
}
