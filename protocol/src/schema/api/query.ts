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
  /** Quality codes, where each point is one reading. */
  quality: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 2 }))),
  gaps: Type.Array(Type.Tuple([TimeUs, TimeUs, Type.String()])),
});
export type QueryAnswer = Type.Static<typeof QueryAnswer>;
