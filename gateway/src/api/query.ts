import {
  parseStreamName,
  QueryAnswer,
  streamName,
  type ErrorCode,
  type StreamInfo,
} from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { toQueryAnswer } from '../query/query-answer.ts';
import { queryLimits, type SeriesRequest } from '../query/store.ts';
import { defineRoute, json, problem, type ApiReply, type ApiRoute } from './route.ts';
import { timeParameterUs } from './time-parameter.ts';

/** The range of a query that names none: the hour before now. */
const defaultRangeUs = 3_600_000_000;

const Time = Type.String({ maxLength: 40, description: 'Microseconds UTC, or RFC 3339' });

const QueryParameters = Type.Object(
  {
    stream: Type.String({ maxLength: 200, description: 'device/sensor/quantity' }),
    from: Type.Optional(Time),
    to: Type.Optional(Time),
    points: Type.Optional(Type.Integer({ minimum: 1, maximum: queryLimits.pointsMax })),
  },
  { additionalProperties: false },
);

/** Statuses of the store's refusals. */
const refusalStatus: Partial<Record<ErrorCode, number>> = {
  QUERY_UNKNOWN_STREAM: 404,
  QUERY_TOO_LARGE: 422,
  QUERY_STORE_UNAVAILABLE: 503,
  QUERY_TIMEOUT: 504,
};

/** History of one stream. */
export function queryRoutes({ sinks, clock }: GatewayParts): ApiRoute[] {
  const { streams } = sinks;
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/query',
      summary:
        'History of one stream: raw readings where they are few enough, buckets with statistics otherwise.',
      access: 'viewer',
      query: QueryParameters,
      answer: { status: 200, description: 'Columns of one length, and the gaps.', schema: QueryAnswer },
      problems: [404, 422, 503, 504],
      handle: async ({ query }) => {
        const request = readRequest(query, clock.nowUs());
        if ('kind' in request) return request;
        const answer = await sinks.store.query(request);
        if (answer.ok) return json(toQueryAnswer(query.stream, answer.value));
        const { code, detail } = answer.refusal;
        const known = streams.get(query.stream);
        // Received and not stored yet: there is nothing to show, which is not an error.
        if (code === 'QUERY_UNKNOWN_STREAM' && known) return json(emptyAnswer(known));
        return problem(refusalStatus[code] ?? 500, code, detail);
      },
    }),
  ];
}

function readRequest(query: Static<typeof QueryParameters>, nowUs: number): SeriesRequest | ApiReply {
  const name = parseStreamName(query.stream);
  if (!name)
    return problem(400, 'API_BAD_REQUEST', `stream: “${query.stream}” is not device/sensor/quantity.`);
  const toUs = query.to === undefined ? nowUs : timeParameterUs(query.to);
  if (toUs === undefined) return problem(400, 'API_BAD_REQUEST', `to: “${query.to ?? ''}” is not a time.`);
  const fromUs = query.from === undefined ? toUs - defaultRangeUs : timeParameterUs(query.from);
  if (fromUs === undefined)
    return problem(400, 'API_BAD_REQUEST', `from: “${query.from ?? ''}” is not a time.`);
  if (fromUs >= toUs) return problem(400, 'QUERY_BAD_RANGE', `from ${fromUs}, to ${toUs}.`);
  return {
    streams: [name],
    fromUs,
    toUs,
    points: query.points ?? queryLimits.pointsDefault,
    quantiles: true,
    exact: false,
  };
}

function emptyAnswer({ device, sensor, quantity, unit }: StreamInfo): QueryAnswer {
  const stream = streamName(device, sensor, quantity);
  return {
    stream,
    unit,
    windowUs: 0,
    t: [],
    count: [],
    mean: [],
    min: [],
    max: [],
    p50: [],
    p95: [],
    p99: [],
    gaps: [],
  };
}
