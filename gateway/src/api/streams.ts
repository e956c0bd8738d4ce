import { DeviceId, StreamsAnswer } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, type ApiRoute } from './route.ts';

/** Every stream with its newest value. */
export function streamRoutes({ sinks: { streams } }: GatewayParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/streams',
      summary: 'Every stream with its newest value, of all devices or of one.',
      access: 'viewer',
      query: Type.Object({ device: Type.Optional(DeviceId) }, { additionalProperties: false }),
      answer: { status: 200, description: 'The streams, by name.', schema: StreamsAnswer },
      handle: ({ query }) => {
        const listed = query.device === undefined ? streams.list() : streams.ofDevice(query.device);
        return json({ streams: [...listed].sort((a, b) => (a.stream < b.stream ? -1 : 1)) });
      },
    }),
  ];
}
