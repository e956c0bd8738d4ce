import { DeadLetter } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, type ApiRoute } from './route.ts';

const listMax = 1000;

/** What could never be stored. */
export function deadLetterRoutes({ deadLetters }: GatewayParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/dead-letters',
      summary: 'What was refused, the newest first, each with its reason.',
      access: 'viewer',
      query: Type.Object(
        { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: listMax })) },
        { additionalProperties: false },
      ),
      answer: {
        status: 200,
        description: 'The dead letters.',
        schema: Type.Object({ deadLetters: Type.Array(DeadLetter) }),
      },
      handle: ({ query }) => json({ deadLetters: deadLetters.list(query.limit ?? 100) }),
    }),
  ];
}
