import {
  BundleSummary,
  BundleUpload,
  NewOffer,
  OfferSummary,
  Sha256,
  updateBundleCharsMax,
  UpdatesAnswer,
} from '@fieldline/protocol';
import { Type } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, problem, type ApiReply, type ApiRoute } from './route.ts';

/** Characters of an upload beside the bundle itself. */
const uploadFrameChars = 8192;

/** Updates over the air: publish, offer, look, withdraw; and what devices fetch. */
export function updateRoutes({ updates }: GatewayParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/updates',
      summary: 'Bundles that are published, and offers with the state of each device.',
      access: 'viewer',
      answer: { status: 200, description: 'All of it, the newest first.', schema: UpdatesAnswer },
      handle: () => json(updates.answer()),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/updates/bundles',
      summary: 'Publishes a bundle; one of the same version and architecture is replaced.',
      access: 'admin',
      body: BundleUpload,
      bodyBytes: updateBundleCharsMax + uploadFrameChars,
      answer: { status: 201, description: 'The bundle.', schema: BundleSummary },
      problems: [409],
      subjectOf: ({ body }) => body.manifest,
      handle: ({ body: { content, ...signed } }) => {
        const added = updates.bundles.add(signed, Buffer.from(content, 'base64url'));
        if (added.ok) return json(added.value, 201);
        const { code, detail } = added.refusal;
        return problem(code === 'UPDATE_LIMIT' ? 409 : 400, code, detail);
      },
    }),
    downloadRoute(updates),
    ...offerRoutes(updates),
  ];
}

function downloadRoute(updates: GatewayParts['updates']): ApiRoute {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/updates/bundles/{sha256}',
    summary: 'A bundle, or a part of it by `Range`, over TLS, for a device that was offered it.',
    access: 'open',
    params: Type.Object({ sha256: Sha256 }),
    query: Type.Object({
      ticket: Type.String({ maxLength: 256, description: 'From the command `update`; good for a day' }),
    }),
    answer: { status: 200, description: 'The bundle.', text: 'application/octet-stream' },
    problems: [404],
    handle: ({ params: { sha256 }, query, channel }): ApiReply => {
      if (!channel.isSecure) return problem(403, 'API_NEEDS_TLS', 'GET /api/v1/updates/bundles');
      if (updates.tickets.deviceOf(query.ticket) === undefined)
        return problem(403, 'UPDATE_TICKET_INVALID', sha256);
      if (!updates.bundles.has(sha256)) return problem(404, 'UPDATE_VERSION_UNKNOWN', sha256);
      const { directory } = updates.bundles;
      return { kind: 'stored file', directory, name: updates.bundles.fileOf(sha256) };
    },
  });
}

function offerRoutes(updates: GatewayParts['updates']): ApiRoute[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/v1/updates/offers',
      summary: 'Offers a version to devices: all, some by name, by tag, or so many of a hundred.',
      access: 'admin',
      body: NewOffer,
      answer: { status: 201, description: 'The offer.', schema: OfferSummary },
      problems: [404, 409],
      subjectOf: ({ body }) => `${body.version} ${JSON.stringify(body.target)}`,
      handle: ({ body }) => {
        const offered = updates.offer(body.version, body.target);
        if (offered.ok) return json(offered.value, 201);
        const { code, detail } = offered.refusal;
        return problem(code === 'UPDATE_LIMIT' ? 409 : 404, code, detail);
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/updates/offers/{id}',
      summary: 'Withdraws an offer; what is under way on a device goes on.',
      access: 'admin',
      params: Type.Object({ id: Type.String({ pattern: '^[\\w-]{1,64}$', description: 'Its id' }) }),
      answer: { status: 200, description: 'What is left.', schema: UpdatesAnswer },
      problems: [404],
      handle: ({ params }) =>
        updates.withdraw(params.id)
          ? json(updates.answer())
          : problem(404, 'UPDATE_OFFER_UNKNOWN', params.id),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/updates/versions/{version}',
      summary: 'Removes the bundles of a version; devices that run it go on.',
      access: 'admin',
      params: Type.Object({ version: Type.String({ maxLength: 64, description: 'Such as 0.2.0' }) }),
      answer: { status: 200, description: 'What is left.', schema: UpdatesAnswer },
      problems: [404],
      handle: ({ params }) =>
        updates.bundles.remove(params.version)
          ? json(updates.answer())
          : problem(404, 'UPDATE_VERSION_UNKNOWN', params.version),
    }),
  ];
}
