import { Type } from 'typebox';
import { problem, type ApiReply } from './route.ts';
import { timeParameterUs } from './time-parameter.ts';

/** The range of a question that names none: the hour before now. */
const defaultRangeUs = 3_600_000_000;

const Time = Type.String({ maxLength: 40, description: 'Microseconds UTC, or RFC 3339' });

/** Parameters of every route that asks about a range of time. */
export const rangeParameters = { from: Type.Optional(Time), to: Type.Optional(Time) };

/** Names and patterns of streams, as every route that reads history takes them. */
export const streamParameter = Type.Array(Type.String({ maxLength: 200 }), {
  minItems: 1,
  maxItems: 100,
  description: 'device/sensor/quantity, in which a part may be *; may be repeated',
});

/** Reads the range, or answers the problem. */
export function readRange(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  nowUs: number,
): { fromUs: number; toUs: number } | ApiReply {
  const toUs = query.to === undefined ? nowUs : timeParameterUs(query.to);
  if (toUs === undefined) return problem(400, 'API_BAD_REQUEST', `to: “${query.to ?? ''}” is not a time.`);
  const fromUs = query.from === undefined ? toUs - defaultRangeUs : timeParameterUs(query.from);
  if (fromUs === undefined)
    return problem(400, 'API_BAD_REQUEST', `from: “${query.from ?? ''}” is not a time.`);
  if (fromUs >= toUs) return problem(400, 'QUERY_BAD_RANGE', `from ${fromUs}, to ${toUs}.`);
  return { fromUs, toUs };
}
