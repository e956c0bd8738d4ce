import { DeadLetter, DeadLettersAnswer, DiscardAnswer, ReplayAnswer } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, problem, type ApiReply, type ApiRoute } from './route.ts';

const listMax = 1000;
const listDefault = 100;

const LetterParams = Type.Object({
  id: Type.Integer({ minimum: 1, description: 'Number of the dead letter' }),
});

const ListQuery = Type.Object(
  {
    device: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Only of this device' })),
    code: Type.Optional(Type.String({ pattern: '^[A-Z_]{1,64}$', description: 'Only of this reason' })),
    before: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Only below this number: `next` of a page' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: listMax })),
  },
  { additionalProperties: false },
);

type Parts = Pick<GatewayParts, 'deadLetters' | 'replay'>;

const unknown = (id: number): ApiReply => problem(404, 'DEAD_LETTER_UNKNOWN', String(id));

/** What could never be stored: to look at, to try again, or to throw away. */
export function deadLetterRoutes(parts: Parts): ApiRoute[] {
  return [
    listLetters(parts),
    showLetter(parts),
    downloadPayload(parts),
    replayLetter(parts),
    discardLetter(parts),
  ];
}

function listLetters({ deadLetters }: Parts): ApiRoute {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/dead-letters',
    summary: 'What was refused, the newest first, each with its reason.',
    access: 'viewer',
    query: ListQuery,
    answer: { status: 200, description: 'The dead letters.', schema: DeadLettersAnswer },
    handle: ({ query }) => {
      const limit = query.limit ?? listDefault;
      const letters = deadLetters.list({ ...query, limit });
      return json({
        deadLetters: letters,
        next: letters.length < limit ? null : (letters.at(-1)?.id ?? null),
      });
    },
  });
}

function showLetter({ deadLetters }: Parts): ApiRoute {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/dead-letters/{id}',
    summary: 'One dead letter.',
    access: 'viewer',
    params: LetterParams,
    answer: { status: 200, description: 'The dead letter.', schema: DeadLetter },
    problems: [404],
    handle: ({ params }) => {
      const letter = deadLetters.get(params.id);
      return letter ? json(letter) : unknown(params.id);
    },
  });
}

function downloadPayload({ deadLetters }: Parts): ApiRoute {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/dead-letters/{id}/payload',
    summary: 'The payload of a dead letter as it came, or what is kept of it.',
    access: 'viewer',
    params: LetterParams,
    answer: { status: 200, description: 'The bytes.', text: 'application/octet-stream' },
    problems: [404],
    handle: ({ params }) => {
      const kept = deadLetters.payload(params.id);
      if (!kept) return unknown(params.id);
      return { kind: 'file', filename: `dead-letter-${params.id}.bin`, body: kept.payload };
    },
  });
}

function replayLetter({ replay }: Parts): ApiRoute {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/dead-letters/{id}/replay',
    summary: 'Gives a dead letter to ingest once more, as if its device sent it now.',
    access: 'operator',
    params: LetterParams,
    answer: { status: 200, description: 'What became of it this time.', schema: ReplayAnswer },
    problems: [404, 409, 503],
    handle: async ({ params: { id } }) => {
      const outcome = await replay.run(id);
      switch (outcome.outcome) {
        case 'unknown':
          return unknown(id);
        case 'cut':
          return problem(409, 'DEAD_LETTER_CUT', String(id));
        case 'unavailable':
          return problem(503, 'INGEST_UNAVAILABLE', String(id));
        case 'refused':
          return json({ id, ...outcome });
        default:
          return json({ id, outcome: outcome.outcome, code: null, detail: '' });
      }
    },
  });
}

function discardLetter({ deadLetters }: Parts): ApiRoute {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/dead-letters/{id}/discard',
    summary: 'Throws a dead letter away for good; its readings stay refused.',
    access: 'operator',
    params: LetterParams,
    answer: { status: 200, description: 'It is gone.', schema: DiscardAnswer },
    problems: [404],
    handle: ({ params: { id } }) => (deadLetters.remove(id) ? json({ id }) : unknown(id)),
  });
}
