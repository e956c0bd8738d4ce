import {
  parseStreamName,
  QueryAnswer,
  QueryRawAnswer,
  QuerySeriesAnswer,
  type ErrorCode,
  type Refusal,
  type Result,
  type StreamInfo,
} from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { emptyAnswer, toQueryAnswer } from '../query/query-answer.ts';
import {
  groupStreams,
  isPattern,
  isStreamSelector,
  oneEach,
  selectStreams,
  type StreamGroup,
} from '../query/select-streams.ts';
import { queryLimits } from '../query/store.ts';
import { rangeParameters, readRange, streamParameter } from './query-range.ts';
import { defineRoute, json, problem, type ApiReply, type ApiRoute } from './route.ts';

/** Series that are asked for at a time: a store works on some while the others wait. */
const seriesAtOnce = 4;

const QueryParameters = Type.Object(
  {
    stream: streamParameter,
    ...rangeParameters,
    points: Type.Optional(Type.Integer({ minimum: 1, maximum: queryLimits.pointsMax })),
    group: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9_-]{0,62}$',
        description:
          'Take streams together that share this: device, sensor, quantity, type, or a tag of their devices',
      }),
    ),
    quantiles: Type.Optional(
      Type.Boolean({ description: 'False leaves p50, p95 and p99 null, which is faster' }),
    ),
    exact: Type.Optional(
      Type.Boolean({ description: 'True reads the readings, however many, and no rollup' }),
    ),
    edges: Type.Optional(
      Type.String({
        maxLength: 4000,
        pattern: '^[-+0-9.eE]+(,[-+0-9.eE]+)*$',
        description:
          'Rising numbers with commas between them: counts the readings of each bucket by these bins, exactly where they came as readings, within the accuracy of their sketches where they came as windows',
      }),
    ),
    form: Type.Optional(
      Type.Union([Type.Literal('series'), Type.Literal('raw')], {
        description: 'raw: the readings of one stream with their qualities, from the start of the range on',
      }),
    ),
  },
  { additionalProperties: false },
);
type QueryParameters = Static<typeof QueryParameters>;

/** Statuses of the store's refusals. */
const refusalStatus: Partial<Record<ErrorCode, number>> = {
  QUERY_UNKNOWN_STREAM: 404,
  QUERY_TOO_LARGE: 422,
  QUERY_STORE_UNAVAILABLE: 503,
  QUERY_TIMEOUT: 504,
};

/** What a store refused, as a problem document. */
export function refusalProblem({ code, detail }: Refusal): ApiReply {
  return problem(refusalStatus[code] ?? 500, code, detail);
}

/** History of streams. */
export function queryRoutes(parts: GatewayParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/query',
      summary:
        'History: of one stream its readings where they are few enough, else buckets with statistics; of several streams, or of groups, a list of series.',
      access: 'viewer',
      query: QueryParameters,
      answer: {
        status: 200,
        description:
          'For one stream its columns and gaps; for a pattern, several streams or groups `{series: […]}`; for form=raw times, values and qualities.',
        schema: Type.Union([QueryAnswer, QuerySeriesAnswer, QueryRawAnswer]),
      },
      problems: [404, 422, 503, 504],
      handle: ({ query }) => answerHistory(parts, query),
    }),
  ];
}

interface Asked {
  readonly fromUs: number;
  readonly toUs: number;
  readonly points: number;
  readonly quantiles: boolean;
  readonly exact: boolean;
  readonly edges: Float64Array | undefined;
}

async function answerHistory(parts: GatewayParts, query: QueryParameters): Promise<ApiReply> {
  const range = readRange(query, parts.clock.nowUs());
  if ('kind' in range) return range;
  const { points = queryLimits.pointsDefault, quantiles = true, exact = false } = query;
  const edges = readEdges(query.edges);
  if (edges === null) return problem(400, 'API_BAD_REQUEST', `edges: ${edgesRule}`);
  const asked = { ...range, points, quantiles, exact, edges };
  const wrong = query.stream.find((selector) => !isStreamSelector(selector));
  if (wrong !== undefined)
    return problem(400, 'API_BAD_REQUEST', `stream: “${wrong}” is not device/sensor/quantity.`);
  const [only, ...others] = query.stream;
  const isOne = only !== undefined && others.length === 0 && !isPattern(only) && query.group === undefined;
  if (query.form === 'raw') {
    if (isOne) return await answerRaw(parts, only, asked);
    return problem(400, 'API_BAD_REQUEST', 'form: raw is for one stream, without a pattern and a group.');
  }
  if (isOne) return await answerOne(parts, only, asked);
  return await answerSeveral(parts, query, asked);
}

const edgesRule = `1 to ${queryLimits.edgesMax} finite numbers, each greater than the one before it.`;

/** Undefined where none are wanted, null where they are no edges. */
function readEdges(text: string | undefined): Float64Array | null | undefined {
  if (text === undefined) return undefined;
  const edges = Float64Array.from(text.split(','), Number);
  const rise = edges.every(
    (edge, index) => Number.isFinite(edge) && (index === 0 || edge > edges[index - 1]!),
  );
  return rise && edges.length <= queryLimits.edgesMax ? edges : null;
}

async function answerOne(parts: GatewayParts, stream: string, asked: Asked): Promise<ApiReply> {
  const name = parseStreamName(stream);
  if (!name) return problem(404, 'QUERY_UNKNOWN_STREAM', stream);
  const answer = await parts.sinks.store.query({ ...asked, streams: [name] });
  if (answer.ok) return json(toQueryAnswer(stream, answer.value, asked.edges));
  const known = parts.sinks.streams.get(stream);
  // Received and not stored yet: there is nothing to show, which is not an error.
  if (answer.refusal.code === 'QUERY_UNKNOWN_STREAM' && known) return json(emptyAnswer(stream, known.unit));
  return refusalProblem(answer.refusal);
}

async function answerRaw(parts: GatewayParts, stream: string, asked: Asked): Promise<ApiReply> {
  const name = parseStreamName(stream);
  if (!name) return problem(404, 'QUERY_UNKNOWN_STREAM', stream);
  const { fromUs, toUs, points } = asked;
  // Of the last row of a page nobody knows whether others share its time: it begins the next page.
  const page = await parts.sinks.store.page({ stream: name, fromUs, toUs, rows: points + 1 });
  if (!page.ok) return refusalProblem(page.refusal);
  const { unit, readings, nextUs } = page.value;
  const { t, v, q } = readings;
  const quality = Array.from(q ?? new Uint8Array(t.length));
  return json({ stream, unit, t: Array.from(t), v: Array.from(v), quality, nextT: nextUs });
}

async function answerSeveral(parts: GatewayParts, query: QueryParameters, asked: Asked): Promise<ApiReply> {
  const selected = selectStreams(parts.sinks.streams.list(), query.stream);
  if (selected.length === 0) return problem(404, 'QUERY_UNKNOWN_STREAM', query.stream.join(', '));
  const groups = query.group === undefined ? oneEach(selected) : groupStreams(selected, query.group, valueOf(parts, query.group)); // prettier-ignore
  const tooLarge = sizeProblem(selected.length, groups.length, asked.points);
  if (tooLarge !== undefined) return problem(422, 'QUERY_TOO_LARGE', tooLarge);
  const answers = await inTurns(groups, (group) => answerGroup(parts, group, asked));
  const series: unknown[] = [];
  for (const answer of answers) {
    if (!answer.ok) return refusalProblem(answer.refusal);
    series.push(answer.value);
  }
  return json({ series });
}

function sizeProblem(streams: number, series: number, points: number): string | undefined {
  const { streamsMax, pointsTotalMax } = queryLimits;
  if (streams > streamsMax) return `${streams} streams are selected, more than ${streamsMax}.`;
  if (series * points > pointsTotalMax)
    return `${series} series of ${points} points are more than ${pointsTotalMax} points together.`;
  return undefined;
}

async function answerGroup(
  { sinks }: GatewayParts,
  { name, value, streams }: StreamGroup,
  asked: Asked,
): Promise<Result<QueryAnswer & { streams: string[]; group: string | null }>> {
  const answer = await sinks.store.query({ ...asked, streams });
  const about = { streams: streams.map(({ stream }) => stream), group: value };
  if (answer.ok) return { ok: true, value: { ...toQueryAnswer(name, answer.value, asked.edges), ...about } };
  if (answer.refusal.code !== 'QUERY_UNKNOWN_STREAM') return answer;
  return { ok: true, value: { ...emptyAnswer(name, streams[0]?.unit ?? ''), ...about } };
}

/** What a stream is grouped by. */
function valueOf({ devices }: GatewayParts, by: string): (info: StreamInfo) => string | undefined {
  return (info) => {
    if (by === 'device' || by === 'sensor' || by === 'quantity' || by === 'type') return info[by];
    return devices.get(info.device)?.tags[by];
  };
}

async function inTurns<Item, Value>(
  items: readonly Item[],
  work: (item: Item) => Promise<Value>,
): Promise<Value[]> {
  const values: Value[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) values[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: seriesAtOnce }, lane));
  return values;
}
