import type { QueryAnswer } from '@fieldline/protocol';
import type { SeriesAnswer } from './store.ts';

/** A series as the API sends it: what is not known is null. */
export function toQueryAnswer(stream: string, answer: SeriesAnswer): QueryAnswer {
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

function known(values: Float64Array): (number | null)[] {
  const list: (number | null)[] = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    list.push(Number.isNaN(value) ? null : value);
  }
  return list;
}
