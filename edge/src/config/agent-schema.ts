import { DeviceId, Name } from '@fieldline/protocol';
import { Type } from 'typebox';
import { TransformKeys } from '../transforms/transform-keys.ts';
import { ClockKeys } from './clock-keys.ts';
import { whenFullChoices, type WhenFull } from '../outbox/when-full.ts';
import { agentDefaults } from './defaults.ts';
import { windowKeys } from './window-keys.ts';

const closed = { additionalProperties: false };

/** What one stream overrides. */
export const StreamKeys = Type.Object(
  {
    unit: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Unit of what the sensor gives, of the SenML registry; before `transforms` also one that `units` converts',
      }),
    ),
    transforms: Type.Optional(TransformKeys),
    ...windowKeys,
  },
  closed,
);

/** The keys that every sensor has; its driver adds its own. */
export const SensorKeys = Type.Object({
  id: Name,
  driver: Type.String({ description: 'thermometer, gnss, adc, w1, hwmon, line, http, modbus-rtu or agent' }),
  type: Type.Optional(Name),
  ...windowKeys,
  lateness: Type.Optional(Type.String({ description: 'How long after its end a window waits for readings' })),
  streams: Type.Optional(Type.Record(Type.String(), StreamKeys)),
});

/** The file of an agent. Sensors are checked again with the keys of their drivers. */
export const AgentFile = Type.Object(
  {
    device: DeviceId,
    gateway: Type.Object(
      {
        url: Type.String({ pattern: '^(mqtt|mqtts|ws|wss)://', description: 'mqtt://HOST:PORT' }),
        password: Type.Optional(
          Type.String({ minLength: 1, description: 'The password of the device, or `passwordFile`' }),
        ),
        claim: Type.Optional(
          Type.String({
            pattern: '^[a-z0-9-]{1,63}\\.[\\w-]{43}\\.[\\w-]{43}$',
            description:
              'What `fieldline device add NAME --claim` printed, in the place of a password: traded once for a certificate',
          }),
        ),
        claimUrl: Type.Optional(
          Type.String({
            pattern: '^https://',
            description:
              'Where the claim is traded, and the certificate renewed; https://HOST:8443 of `url` where left out',
          }),
        ),
        passwordFile: Type.Optional(
          Type.String({
            minLength: 1,
            description: 'A file that holds the password; relative to the folder of this file',
          }),
        ),
      },
      closed,
    ),
    dataDir: Type.String({ minLength: 1, description: 'Relative to the folder of this file' }),
    tags: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Tags of the device, for the store' }),
    ),
    flush: Type.Optional(
      Type.String({
        default: agentDefaults.flush,
        description: 'Longest time a reading waits to be made durable and sent: 10ms to 60s',
      }),
    ),
    keepalive: Type.Optional(
      Type.String({
        default: agentDefaults.keepalive,
        description: 'How often the connection is probed: 1s to 1h',
      }),
    ),
    confirmWithin: Type.Optional(
      Type.String({
        default: agentDefaults.confirmWithin,
        description:
          'A configuration from the gateway is taken back when the gateway is not reached with it for so long: 1s to 1h',
      }),
    ),
    updates: Type.Optional(
      Type.Object(
        {
          keys: Type.Optional(
            Type.Array(Type.String({ pattern: '^[\\w-]{43}$' }), {
              maxItems: 8,
              description:
                'Public keys of `fieldline update key`: an update over the air is taken with the signature of one of them',
            }),
          ),
          confirmWithin: Type.Optional(
            Type.String({
              default: agentDefaults.updateConfirmWithin,
              description: 'A new version that has delivered no batch for so long is taken back: 10s to 1h',
            }),
          ),
        },
        closed,
      ),
    ),
    clock: Type.Optional(ClockKeys),
    outbox: Type.Optional(
      Type.Object(
        {
          maxBytes: Type.Optional(
            Type.String({
              default: agentDefaults.maxBytes,
              description: 'Beyond this, unsent batches go as `whenFull` says',
            }),
          ),
          memory: Type.Optional(
            Type.String({
              default: agentDefaults.memory,
              description:
                'While the disk is full, read-only or broken, batches wait in memory up to this; it is lost with the process',
            }),
          ),
          maxAge: Type.Optional(
            Type.String({
              default: agentDefaults.maxAge,
              description: 'Unsent batches older than this are dropped',
            }),
          ),
          whenFull: Type.Optional(
            Type.Unsafe<WhenFull>(
              Type.Union(
                whenFullChoices.map((choice) => Type.Literal(choice)),
                {
                  default: agentDefaults.whenFull,
                  description:
                    'What goes beyond `maxBytes`: the oldest batches, the newest readings, or the detail of the oldest (`thin`: they live on as coarser windows)',
                },
              ),
            ),
          ),
        },
        closed,
      ),
    ),
    uplink: Type.Optional(
      Type.Object(
        {
          backlogBatchesPerSec: Type.Optional(
            Type.Number({
              exclusiveMinimum: 0,
              maximum: 10_000,
              default: agentDefaults.backlogBatchesPerSec,
              description: 'How fast a backlog drains beside the live readings',
            }),
          ),
          inFlight: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 100,
              default: agentDefaults.inFlight,
              description: 'Batches of each lane that may wait for their acknowledgement',
            }),
          ),
        },
        closed,
      ),
    ),
    sensors: Type.Array(SensorKeys, { maxItems: 256 }),
  },
  closed,
);
export type AgentFile = Type.Static<typeof AgentFile>;
/** One sensor of the file: the common keys; those of its driver stand beside them. */
export type SensorFile = Type.Static<typeof SensorKeys>;
