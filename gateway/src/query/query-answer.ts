import type { QueryAnswer } from '@fieldline/protocol';
import type { SeriesAnswer } from './store.ts';

/** A series as the API sends it: what is not known is null. */
export function toQueryAnswer(stream: string, answer: SeriesAnswer, edges?: Float64Array): QueryAnswer {
  const { columns, unit, windowUs, resolutionUs, gaps } = answer;
  return {
    stream,
    unit,
    windowUs,
    resolutionUs,
    t: Array.from(columns.t),
    count: Array.from(columns.count),
    mean: known(columns.mean),
    min: known(columns.min),
    max: known(columns.max),
    p50: known(columns.p50),
    p95: known(columns.p95),
    p99: known(columns.p99),
    stddev: known(columns.stddev),
    rms: known(columns.rms),
    ...(columns.bins && edges ? { histogram: toHistogram(edges, columns.bins) } : {}),
    ...(columns.quality ? { quality: Array.from(columns.quality) } : {}),
    gaps: [...gaps],
  };
}

/** A series without a point. */
export function emptyAnswer(stream: string, unit: string): QueryAnswer {
  return {
    stream,
    unit,
    windowUs: 0,
    resolutionUs: 0,
    t: [],
    count: [],
    mean: [],
    min: [],
    max: [],
    p50: [],
    p95: [],
    p99: [],
    stddev: [],
    rms: [],
    gaps: [],
  };
}

/** One row of counts a point; null where a part of it came without a sketch. */
function toHistogram(edges: Float64Array, bins: Float64Array): NonNullable<QueryAnswer['histogram']> {
  const width = edges.length + 1;
  const counts = Array.from({ length: bins.length / width }, (_, row) => {
    const counted = Array.from(bins.subarray(row * width, (row + 1) * width));
    return counted.some(Number.isNaN) ? null : counted;
  });
  return { edges: Array.from(edges), counts };
}

function known(values: Float64Array): (number | null)[] {
  const list: (number | null)[] = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    list.push(Number.isNaN(value) ? null : value);
  }
  return list;
}
