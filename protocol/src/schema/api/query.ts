import { Type } from 'typebox';
import { TimeUs } from '../names.ts';

const Values = Type.Array(Type.Union([Type.Number(), Type.Null()]));

/**
 * `GET /api/v1/query?stream=…&from=…&to=…&points=…`, the same from every store. All columns have the length
 * of `t`, which holds the start of each bucket in µs. `windowUs` is the bucket's length; 0 says that each
 * point is one raw reading. Buckets without a reading are left out: `gaps` says why where it is known.
 */
export const QueryAnswer = Type.Object({
  stream: Type.String(),
  unit: Type.String(),
  windowUs: Type.Integer(),
  /** Length of the longest stored windows that it was merged from, µs; 0: from readings alone. */
  resolutionUs: Type.Optional(Type.Integer()),
  t: Type.Array(TimeUs),
  count: Type.Array(Type.Integer()),
  mean: Values,
  min: Values,
  max: Values,
  /** Null where the readings arrived as windows without a sketch. */
  p50: Values,
  p95: Values,
  p99: Values,
  /** Standard deviation of a sample, with `count - 1`: null for one reading. */
  stddev: Type.Optional(Values),
  /** Root mean square. */
  rms: Type.Optional(Values),
  /**
   * Where `edges` were asked for: readings of each bucket below the first edge, from each edge up to the next, and from the
   * last on; null where a part arrived as windows without a sketch.
   */
  histogram: Type.Optional(
    Type.Object({
      edges: Type.Array(Type.Number()),
      counts: Type.Array(Type.Union([Type.Array(Type.Integer({ minimum: 0 })), Type.Null()])),
    }),
  ),
  /** Quality codes, where each point is one reading. */
  quality: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 2 }))),
  gaps: Type.Array(Type.Tuple([TimeUs, TimeUs, Type.String()])),
});
export type QueryAnswer = Type.Static<typeof QueryAnswer>;

/**
 * `GET /api/v1/query` for a pattern, several streams or groups: a series for each, under the stream's name or under what its
 * streams have in common (`site=north`). The streams of a group fall into the same buckets.
 */
export const QuerySeriesAnswer = Type.Object({
  series: Type.Array(
    Type.Object({
      ...QueryAnswer.properties,
      streams: Type.Array(Type.String()),
      /** The value that the streams share; null where they are not grouped. */
      group: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});
export type QuerySeriesAnswer = Type.Static<typeof QuerySeriesAnswer>;

/** `GET /api/v1/query?form=raw`: readings from the start of the range on, with their qualities. */
export const QueryRawAnswer = Type.Object({
  stream: Type.String(),
  unit: Type.String(),
  t: Type.Array(TimeUs),
  v: Type.Array(Type.Number()),
  quality: Type.Array(Type.Integer({ minimum: 0, maximum: 2 })),
  /** Where the next readings begin, µs; null where these are all of the range. */
  nextT: Type.Union([TimeUs, Type.Null()]),
});
export type QueryRawAnswer = Type.Static<typeof QueryRawAnswer>;
