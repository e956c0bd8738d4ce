import {
  ClaimTrade,
  ClaimedCredential,
  IssuedCredential,
  RenewalRequest,
  type Refusal,
} from '@fieldline/protocol';
import { createHash } from 'node:crypto';
import { addressKey, AttemptLimit } from '../access/attempt-limit.ts';
import type { IssuedCertificate } from '../certificates/certificate-authority.ts';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, problem, type ApiReply, type ApiRoute } from './route.ts';
import { tooManyAttempts } from './too-many-attempts.ts';

/** Claims that are refused from one address, and renewals of one device, in a quarter of an hour. */
export const claimLimits = {
  claims: { attempts: 20, windowUs: 15 * 60_000_000, keys: 10_000 },
  renewals: { attempts: 10, windowUs: 15 * 60_000_000, keys: 10_000 },
} as const;

/** What stands for a key where a claim is traded for a password. */
const passwordKey = 'password';

/** How devices come to their credentials, over TLS alone. */
export function claimRoutes(parts: GatewayParts): ApiRoute[] {
  return [claimRoute(parts), renewRoute(parts)];
}

function claimRoute(parts: GatewayParts): ApiRoute {
  const limit = new AttemptLimit(claimLimits.claims, parts.clock);
  return defineRoute({
    method: 'POST',
    path: '/api/v1/claim',
    summary: 'Trades the claim of a device for its certificate, or for a password where it sends no request.',
    access: 'open',
    body: ClaimTrade,
    answer: { status: 201, description: 'The credential.', schema: ClaimedCredential },
    problems: [429],
    subjectOf: ({ body }) => body.claim.split('.')[0] ?? '',
    handle: async ({ body, channel }) => {
      if (!channel.isSecure) return needsTls('/api/v1/claim');
      const key = addressKey(channel.address);
      const waitUs = limit.take(key);
      if (waitUs > 0) return tooManyAttempts(waitUs);
      const reply = await trade(parts, body);
      if (reply.kind === 'json') limit.giveBack(key);
      return reply;
    },
  });
}

async function trade(parts: GatewayParts, { claim, request }: ClaimTrade): Promise<ApiReply> {
  const { certificates, devices } = parts;
  // What may be asked again with the same key is bound to the text of the request: the agent keeps it.
  const keyDigest =
    request === undefined ? passwordKey : createHash('sha256').update(request).digest('base64url');
  const spent = certificates.claims.spend(claim, keyDigest);
  const device = spent.ok ? spent.value : '';
  if (!spent.ok || devices.get(device)?.revoked !== false)
    return problem(403, 'CLAIM_REFUSED', claim.split('.')[0] ?? '');
  if (request !== undefined) {
    const isEntitled = () => certificates.claims.spend(claim, keyDigest).ok;
    const issued = await certificates.devices.issue(device, request, isEntitled);
    if (!issued.ok) return notIssued(issued.refusal);
    return json(issuedCredential(parts, device, issued.value), 201);
  }
  const password = await devices.renewPassword(device);
  if (password === undefined) return problem(403, 'CLAIM_REFUSED', device);
  const authority = certificates.servers.trustedPem ?? null;
  return json({ device, username: device, password, authority }, 201);
}

function renewRoute(parts: GatewayParts): ApiRoute {
  const { certificates, devices } = parts;
  const limit = new AttemptLimit(claimLimits.renewals, parts.clock);
  return defineRoute({
    method: 'POST',
    path: '/api/v1/renew',
    summary: 'Gives a device that shows its present certificate the next one.',
    access: 'open',
    body: RenewalRequest,
    answer: { status: 201, description: 'The next certificate.', schema: IssuedCredential },
    problems: [429],
    subjectOf: ({ channel }) => channel.certificate?.device ?? '',
    handle: async ({ body, channel }) => {
      if (!channel.isSecure) return needsTls('/api/v1/renew');
      const { certificate } = channel;
      const isEntitled = () =>
        certificate !== undefined &&
        certificates.devices.isKnown(certificate.device, certificate.serial) &&
        devices.get(certificate.device)?.revoked === false;
      if (!certificate || !isEntitled()) return problem(403, 'API_NEEDS_CERTIFICATE', 'POST /api/v1/renew');
      const waitUs = limit.take(certificate.device);
      if (waitUs > 0) return tooManyAttempts(waitUs);
      const issued = await certificates.devices.issue(certificate.device, body.request, isEntitled);
      if (!issued.ok) return notIssued(issued.refusal);
      return json(issuedCredential(parts, certificate.device, issued.value), 201);
    },
  });
}

function issuedCredential(
  { certificates }: GatewayParts,
  device: string,
  { pem, expiresAtUs }: IssuedCertificate,
): IssuedCredential {
  const authority = certificates.servers.trustedPem ?? null;
  return { device, username: device, certificate: pem, expiresAtUs, authority };
}

function notIssued({ code, detail }: Refusal): ApiReply {
  return problem(code === 'CERTIFICATE_REFUSED' ? 403 : 400, code, detail);
}

function needsTls(path: string): ApiReply {
  return problem(403, 'API_NEEDS_TLS', `POST ${path}`);
}
