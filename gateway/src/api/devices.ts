import {
  ClaimStateAnswer,
  DeviceClaim,
  DeviceCredential,
  DeviceId,
  DevicesAnswer,
  DeviceSummary,
} from '@fieldline/protocol';
import { Type } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { deviceSummary } from './device-summary.ts';
import { defineRoute, json, problem, type ApiReply, type ApiRoute } from './route.ts';

const DeviceParams = Type.Object({ id: DeviceId });

/** The device registry: list, show, add, revoke. */
export function deviceRoutes(parts: GatewayParts): ApiRoute[] {
  const { devices, deadLetters } = parts;
  const { streams } = parts.sinks;
  const unknown = (id: string): ApiReply => problem(404, 'API_DEVICE_UNKNOWN', id);
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/devices',
      summary: 'Every device of the fleet.',
      access: 'viewer',
      answer: { status: 200, description: 'The devices, by id.', schema: DevicesAnswer },
      handle: () => {
        const summaries = devices.list().map((record) => deviceSummary(record, streams, deadLetters));
        return json({ devices: summaries.sort((a, b) => (a.id < b.id ? -1 : 1)) });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/devices/{id}',
      summary: 'One device.',
      access: 'viewer',
      params: DeviceParams,
      answer: { status: 200, description: 'The device.', schema: DeviceSummary },
      problems: [404],
      handle: ({ params }) => {
        const record = devices.get(params.id);
        return record ? json(deviceSummary(record, streams, deadLetters)) : unknown(params.id);
      },
    }),
    addDevice(parts),
    claimState(parts),
    defineRoute({
      method: 'POST',
      path: '/api/v1/devices/{id}/revoke',
      summary: 'Takes a device its credential, and ends its session.',
      access: 'admin',
      params: DeviceParams,
      answer: { status: 200, description: 'The revoked device.', schema: DeviceSummary },
      problems: [404],
      handle: async ({ params }) => {
        const record = await devices.revoke(params.id);
        return record ? json(deviceSummary(record, streams, deadLetters)) : unknown(params.id);
      },
    }),
  ];
}

function addDevice({ devices, certificates }: Pick<GatewayParts, 'devices' | 'certificates'>): ApiRoute {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/devices',
    summary: 'Registers a device and makes its password, or with `claim` a claim; either is shown this once.',
    access: 'admin',
    // The registry judges the name, so that a bad one gets the error of its own.
    body: Type.Object(
      {
        name: Type.String({ description: 'A device id: a-z, 0-9 and hyphens, at most 63' }),
        claim: Type.Optional(Type.Boolean({ description: 'Make a claim in the place of a password' })),
      },
      { additionalProperties: false },
    ),
    answer: {
      status: 201,
      description: 'The credential of the new device.',
      schema: Type.Union([DeviceCredential, DeviceClaim]),
    },
    subjectOf: ({ body }) => body.name,
    problems: [409],
    handle: async ({ body }) => {
      const created = await devices.create(body.name);
      // A device that never came may be claimed anew: its claim has run out, or was lost.
      const isWaiting = !created.ok && created.code === 'DEVICE_EXISTS' && hasNeverCome(devices, body.name);
      if (body.claim === true && (created.ok || isWaiting)) {
        const { claim, expiresAtUs } = certificates.claims.create(body.name, certificates.servers.pin);
        // Somebody else may have traded the claim before, and wait with what it gave.
        if (isWaiting) {
          certificates.devices.forget(body.name);
          await devices.renewPassword(body.name);
        }
        return json({ device: body.name, claim, expiresAt: expiresAtUs }, 201);
      }
      if (!created.ok)
        return problem(created.code === 'DEVICE_NAME_INVALID' ? 400 : 409, created.code, created.detail);
      const { device, password } = created;
      return json({ device, username: device, password }, 201);
    },
  });
}

function claimState({ devices, certificates }: Pick<GatewayParts, 'devices' | 'certificates'>): ApiRoute {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/devices/{id}/claim',
    summary: 'What became of the newest claim of a device.',
    access: 'admin',
    params: DeviceParams,
    answer: { status: 200, description: 'Its state; never the claim.', schema: ClaimStateAnswer },
    problems: [404],
    handle: ({ params: { id } }) => {
      if (!devices.get(id)) return problem(404, 'API_DEVICE_UNKNOWN', id);
      return json({ device: id, ...(certificates.claims.look(id) ?? { state: 'none', expiresAtUs: null }) });
    },
  });
}

function hasNeverCome(devices: GatewayParts['devices'], device: string): boolean {
  const record = devices.get(device);
  return record?.revoked === false && record.lastSeenUs === null;
}
