import { SinkReplayAnswer } from '@fieldline/protocol';
import { Type } from 'typebox';
import { offsetAt } from '../journal/offset-at.ts';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, problem, type ApiReply, type ApiRoute } from './route.ts';
import { timeParameterUs } from './time-parameter.ts';

const SinkParams = Type.Object({ name: Type.String({ maxLength: 64, description: 'Name of the sink' }) });

const ReplayBody = Type.Object(
  {
    fromOffset: Type.Optional(Type.Integer({ minimum: 0, description: 'First entry of the journal' })),
    from: Type.Optional(
      Type.String({ maxLength: 40, description: 'Or the time at which it was journaled: µs, or RFC 3339' }),
    ),
    incomplete: Type.Optional(
      Type.Boolean({
        description: 'True allows to empty a store although the journal holds less than it has',
      }),
    ),
  },
  { additionalProperties: false },
);

/** How a sink is filled from the journal again. */
export function sinkRoutes(parts: GatewayParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/v1/sinks/{name}/replay',
      summary:
        'Fills a sink from the journal again, from an entry or a time on; the embedded store as a whole.',
      access: 'operator',
      params: SinkParams,
      body: ReplayBody,
      answer: { status: 200, description: 'What it gets again.', schema: SinkReplayAnswer },
      problems: [404, 409],
      handle: async ({ params, body }) => {
        const fromOffset = await offsetOf(parts, body);
        if (typeof fromOffset !== 'number') return fromOffset;
        return await replay(parts, params.name, { fromOffset, incomplete: body.incomplete === true });
      },
    }),
  ];
}

async function offsetOf(
  { log }: GatewayParts,
  { fromOffset, from }: { fromOffset?: number; from?: string },
): Promise<number | ApiReply> {
  if (fromOffset !== undefined) return fromOffset;
  const timeUs = from === undefined ? undefined : timeParameterUs(from);
  if (timeUs === undefined) return problem(400, 'API_BAD_REQUEST', `from: “${from ?? ''}” is not a time, and fromOffset is missing.`); // prettier-ignore
  return await offsetAt(log, timeUs);
}

async function replay(
  { sinks, log }: GatewayParts,
  name: string,
  asked: { fromOffset: number; incomplete: boolean },
): Promise<ApiReply> {
  const sink = sinks.sinks.find((each) => each.name === name);
  if (!sink) return problem(404, 'SINK_UNKNOWN', name);
  if (sink.replay === 'no') return problem(409, 'SINK_NOT_REPLAYABLE', name);
  const { incomplete } = asked;
  // Where more is given again than was asked for, the answer says so.
  const fromOffset = sink.replay === 'from the oldest' ? log.firstOffset : asked.fromOffset;
  if (sink.replay === 'whole' && (fromOffset > log.firstOffset || (log.firstOffset > 0 && !incomplete))) {
    return problem(409, 'SINK_REPLAYS_WHOLE', `${name}: the journal begins at ${log.firstOffset}`);
  }
  const toOffset = log.nextOffset - 1;
  await sink.replayFrom(fromOffset);
  return json({ sink: name, fromOffset: Math.max(fromOffset, log.firstOffset), toOffset });
}
