import { Type } from 'typebox';
import { ClockQuality, TimeUs } from '../names.ts';

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** One device as the fleet list shows it. */
export const DeviceSummary = Type.Object({
  id: Type.String(),
  online: Type.Boolean(),
  /** When the gateway last received anything of it; null before the first message. */
  lastSeenUs: Nullable(TimeUs),
  createdAtUs: TimeUs,
  revoked: Type.Boolean(),
  tags: Type.Record(Type.String(), Type.String()),
  agentVersion: Nullable(Type.String()),
  /** Another one after each boot; null before its first status. */
  bootId: Type.Optional(Nullable(Type.String())),
  clock: Nullable(ClockQuality),
  configVersion: Nullable(Type.Integer()),
  /** Codes of errors that hold on the device now and that a person has to mend. */
  alarms: Type.Optional(Type.Array(Type.String())),
  sensors: Type.Array(Type.Object({ id: Type.String(), type: Type.String() })),
  streamCount: Type.Integer(),
  /** Messages of it that were refused and are kept as dead letters. */
  deadLetters: Type.Optional(Type.Integer()),
  /** Those among them that were refused because of its clock: as long as there are any, its time is wrong. */
  quarantined: Type.Optional(Type.Integer()),
});
export type DeviceSummary = Type.Static<typeof DeviceSummary>;

/** `GET /api/v1/devices`. */
export const DevicesAnswer = Type.Object({ devices: Type.Array(DeviceSummary) });
export type DevicesAnswer = Type.Static<typeof DevicesAnswer>;

/** `POST /api/v1/devices {name}`: the password is shown this once. */
export const DeviceCredential = Type.Object({
  device: Type.String(),
  username: Type.String(),
  password: Type.String(),
});
export type DeviceCredential = Type.Static<typeof DeviceCredential>;
