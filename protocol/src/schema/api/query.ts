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
  t: Type.Array(TimeUs),
  count: Type.Array(Type.Integer()),
  mean: Values,
  min: Values,
  max: Values,
  /** Null where the readings arrived as windows without a sketch. */
  p50: Values,
  p95: Values,
  p99: Values,
  gaps: Type.Array(Type.Tuple([TimeUs, TimeUs, Type.String()])),
});
export type QueryAnswer = Type.Static<typeof QueryAnswer>;
