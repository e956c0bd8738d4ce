import { AuditAnswer } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, type ApiRoute } from './route.ts';

const listMax = 1000;

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
        },
        { additionalProperties: false },
      ),
      answer: { status: 200, description: 'The entries.', schema: AuditAnswer },
      handle: ({ query: { limit = 100, before } }) =>
        json({ entries: access.audit.list({ limit, ...(before === undefined ? {} : { before }) }) }),
    }),
  ];
}
