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
      access: 'viewer',
      query: Type.Object({ device: Type.Optional(DeviceId) }, { additionalProperties: false }),
      answer: { status: 200, description: 'The account, in total and by device.', schema: LedgerAnswer },
      problems: [404, 503],
      handle: async ({ query }) => {
        try {
          const answer = await parts.ledger(query.device);
          if (query.device !== undefined && !isKnown(parts, answer, query.device))
            return problem(404, 'API_DEVICE_UNKNOWN', query.device);
          return json(answer);
        } catch (error) {
          const detail = error instanceof Error ? error.message : String(error);
          return problem(503, 'QUERY_STORE_UNAVAILABLE', detail);
        }
      },
    }),
  ];
}

/** An account of nothing says that all is well: a name with a typing error must not get one. */
function isKnown({ devices }: GatewayParts, answer: LedgerAnswer, device: string): boolean {
  return devices.get(device) !== undefined || answer.devices.some(({ streams }) => streams.length > 0);
}
