import { DeviceId, LedgerAnswer } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, problem, type ApiRoute } from './route.ts';

/** The account of every reading. */
export function ledgerRoutes(parts: GatewayParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/ledger',
      summary: 'Where every reading is: stored, under way, refused, lost, or unaccounted for.',
      access: 'read',
      query: Type.Object({ device: Type.Optional(DeviceId) }, { additionalProperties: false }),
      answer: { status: 200, description: 'The account, in total and by device.', schema: LedgerAnswer },
      problems: [503],
      handle: async ({ query }) => {
        try {
          return json(await parts.ledger(query.device));
        } catch (error) {
          const detail = error instanceof Error ? error.message : String(error);
          return problem(503, 'QUERY_STORE_UNAVAILABLE', detail);
        }
      },
    }),
  ];
}
