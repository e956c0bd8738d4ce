import type { QueryAnswer } from '@fieldline/protocol';

/** A quantile of a selection: between two values, which are one where it is known exactly. */
export type QuantileBounds = readonly [low: number, high: number];

/** What a selection holds, in the unit of its stream; null where there is no reading, or no sketch. */
export interface SelectionStatistics {
  readonly count: number;
  readonly mean: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Of a sample, with `count - 1`; null for fewer than two readings. */
  readonly stddev: number | null;
  readonly p50: QuantileBounds | null;
  readonly p95: QuantileBounds | null;
  readonly p99: QuantileBounds | null;
}

/**
 * The statistics of all that an answer of the query API holds. Counts, means and extremes of buckets compose;
 * a quantile of the whole lies between the least and the greatest of its parts' quantiles, so that an answer of
 * one bucket gives it exactly, and one of more gives its bounds. Raw readings give it exactly (nearest rank).
 */
export function selectionStatistics(answer: QueryAnswer): SelectionStatistics {
  const count = answer.count.reduce((sum, readings) => sum + readings, 0);
  const sum = answer.mean.reduce<number>(
    (total, mean, index) => total + (mean ?? 0) * (answer.count[index] ?? 0),
    0,
  );
  const raw = answer.windowUs === 0 ? numbers(answer.mean).sort((a, b) => a - b) : undefined;
  const quantile = (rank: number, parts: readonly (number | null)[]) =>
    raw ? nearestRank(raw, rank) : bounds(parts);
  return {
    count,
    mean: count > 0 ? sum / count : null,
    min: least(numbers(answer.min)),
    max: greatest(numbers(answer.max)),
    stddev: deviation(answer, count > 0 ? sum / count : 0),
    p50: quantile(0.5, answer.p50),
    p95: quantile(0.95, answer.p95),
    p99: quantile(0.99, answer.p99),
  };
}

/**
 * The deviation of the whole from those of its parts: squares within the parts, and those of their means around the
 * mean of all (Chan, Golub and LeVeque 1979). Null where a part of several readings does not tell its own.
 */
function deviation({ count, mean, stddev }: QueryAnswer, middle: number): number | null {
  let [squares, readings] = [0, 0];
  for (const [index, part] of count.entries()) {
    const own = part > 1 ? (stddev?.[index] ?? null) : 0;
    if (own === null) return null;
    squares += (part - 1) * own ** 2 + part * ((mean[index] ?? middle) - middle) ** 2;
    readings += part;
  }
  return readings > 1 ? Math.sqrt(squares / (readings - 1)) : null;
}

function nearestRank(sorted: readonly number[], rank: number): QuantileBounds | null {
  const value = sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)];
  return value === undefined ? null : [value, value];
}

/** Undefined in one part is undefined in the whole. */
function bounds(parts: readonly (number | null)[]): QuantileBounds | null {
  const known = numbers(parts);
  if (known.length === 0 || known.length < parts.length) return null;
  return [least(known) ?? 0, greatest(known) ?? 0];
}

function numbers(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

function least(values: readonly number[]): number | null {
  return values.length > 0 ? values.reduce((low, value) => Math.min(low, value)) : null;
}

function greatest(values: readonly number[]): number | null {
  return values.length > 0 ? values.reduce((high, value) => Math.max(high, value)) : null;
}
