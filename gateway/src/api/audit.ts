import { AuditAnswer } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, type ApiRoute } from './route.ts';

const listMax = 1000;

const Text = (description: string) => Type.Optional(Type.String({ maxLength: 200, description }));
const Time = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }));

/** Who changed what. */
export function auditRoutes({ access }: GatewayParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/audit',
      summary: 'Who changed what, when, and from where; the newest first.',
      access: 'admin',
      query: Type.Object(
        {
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: listMax })),
          before: Type.Optional(
            Type.Integer({ minimum: 1, description: 'Only entries with a lower number' }),
          ),
          who: Text('In the name of who did it, or the address it came from'),
          what: Text('In what was done, or what it was done to'),
          from: Time('µs since 1970'),
          to: Time('µs since 1970, excluded'),
        },
        { additionalProperties: false },
      ),
      answer: { status: 200, description: 'The entries.', schema: AuditAnswer },
      handle: ({ query: { limit = 100, from, to, ...filter } }) =>
        json({ entries: access.audit.list({ ...filter, limit, fromUs: from, toUs: to }) }),
    }),
  ];
}
