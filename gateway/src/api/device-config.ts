import {
  ConfigStatesAnswer,
  DeviceConfigAnswer,
  DeviceConfigChange,
  DeviceId,
  DryRunAnswer,
} from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, problem, type ApiReply, type ApiRoute } from './route.ts';

/** How long a dry run may wait for its device and for its answer. */
export const dryRunDeadlineMs = 10_000;

const DeviceParams = Type.Object({ id: DeviceId });
const DryRunRequest = Type.Object(
  { config: DeviceConfigChange.properties.config },
  { additionalProperties: false },
);

/** What a device shall run: show, set, try out. */
export function deviceConfigRoutes(parts: GatewayParts): ApiRoute[] {
  const { configs } = parts;
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/devices/{id}/config',
      summary:
        'What a device shall run, what it runs, and how far a change has come. Passwords are left out.',
      access: 'viewer',
      params: DeviceParams,
      answer: { status: 200, description: 'Desired and reported configuration.', schema: DeviceConfigAnswer },
      problems: [404],
      handle: ({ params }) => unknownDevice(parts, params.id) ?? json(configs.get(params.id)),
    }),
    configStates(parts),
    setConfig(parts),
    dryRunConfig(parts),
  ];
}

function configStates({ configs, devices }: Pick<GatewayParts, 'configs' | 'devices'>): ApiRoute {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/config-states',
    summary: 'How far the configuration of each device has come; those that run their own file are left out.',
    access: 'viewer',
    answer: { status: 200, description: 'The states, by device.', schema: ConfigStatesAnswer },
    handle: () => {
      const states = devices.list().map(({ id }) => ({ device: id, state: configs.state(id) }));
      return json({ states: states.filter(({ state }) => state !== 'none') });
    },
  });
}

function setConfig(parts: GatewayParts): ApiRoute {
  return defineRoute({
    method: 'PUT',
    path: '/api/v1/devices/{id}/config',
    summary: 'Sets what a device shall run. The device checks it and reports whether it runs.',
    access: 'operator',
    params: DeviceParams,
    body: DeviceConfigChange,
    answer: { status: 200, description: 'As it stands now.', schema: DeviceConfigAnswer },
    problems: [404, 409],
    handle: ({ params: { id }, body }) => unknownDevice(parts, id) ?? change(parts, id, body),
  });
}

function change({ configs }: GatewayParts, id: string, body: Static<typeof DeviceConfigChange>): ApiReply {
  const outcome = configs.set(id, body.config, body.version);
  if (outcome.ok) return json(configs.get(id));
  const newest = outcome.current.desired?.version ?? 0;
  const detail = `The change was made from version ${body.version ?? 0}; version ${newest} is the newest.`;
  const given = { version: body.version ?? 0, config: body.config };
  return problem(409, 'API_CONFIG_CONFLICT', detail, { desired: outcome.current.desired, given });
}

function dryRunConfig(parts: GatewayParts): ApiRoute {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/devices/{id}/config/dry-run',
    subjectOf: false,
    summary: 'Has the device check a configuration and try it on its last minutes. Changes nothing.',
    access: 'operator',
    params: DeviceParams,
    body: DryRunRequest,
    answer: { status: 200, description: 'What is wrong, or what it would send.', schema: DryRunAnswer },
    problems: [404, 502, 503, 504],
    handle: async ({ params: { id }, body }) => unknownDevice(parts, id) ?? (await tryOut(parts, id, body)),
  });
}

async function tryOut(
  { commands }: GatewayParts,
  id: string,
  { config }: Static<typeof DryRunRequest>,
): Promise<ApiReply> {
  const outcome = await commands.send(id, { name: 'dry-run', args: config }, dryRunDeadlineMs);
  const within = `${id}: ${dryRunDeadlineMs / 1000} s.`;
  if (outcome.kind === 'away') return problem(504, 'API_DEVICE_AWAY', within);
  if (outcome.kind === 'unanswered') return problem(504, 'API_DEVICE_UNANSWERED', within);
  if (outcome.kind === 'busy') return problem(503, 'API_COMMANDS_BUSY', id);
  const { ok, result, error = '' } = outcome.reply;
  if (ok && Value.Check(DryRunAnswer, result)) return json(result);
  return problem(502, 'API_DEVICE_REFUSED', `${id}: ${error || 'the answer has another shape'}`);
}

function unknownDevice({ devices }: GatewayParts, id: string): ApiReply | undefined {
  return devices.get(id) ? undefined : problem(404, 'API_DEVICE_UNKNOWN', id);
}
