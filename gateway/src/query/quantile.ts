/**
 * Zero-based place of quantile `q` in `count` sorted values: nearest rank as InfluxDB's `percentile()` takes it
 * (influxdata/influxdb, query/call_iterator.go: `floor(count * q + 0.5) - 1`), so that both stores agree to the
 * bit. Held within the values, where InfluxDB answers nothing.
 */
export function quantileRank(count: number, q: number): number {
  // InfluxDB multiplies by the percentage and divides by 100, in doubles; other orders round differently.
  const rank = Math.floor((count * (q * 100)) / 100 + 0.5) - 1;
  return Math.min(count - 1, Math.max(0, rank));
}

/** The quantile of `sorted`, which holds at least one value in rising order. */
export function quantileOfSorted(sorted: Float64Array, q: number): number {
  return sorted[quantileRank(sorted.length, q)]!;
}
