import { Type } from 'typebox';
import { Desired, Reported } from '../device-messages.ts';

/**
 * How far a desired configuration has come. `none`: nobody wants another one. `waiting`: the device has not
 * fetched it. `delivered`: it has, and has not answered. `timed-out`: it should have. The rest is its answer.
 */
export const ConfigState = Type.Union([
  Type.Literal('none'),
  Type.Literal('waiting'),
  Type.Literal('delivered'),
  Type.Literal('timed-out'),
  Type.Literal('applied'),
  Type.Literal('rejected'),
  Type.Literal('rolled-back'),
]);
export type ConfigState = Type.Static<typeof ConfigState>;

/** `GET /api/v1/devices/{id}/config`: what the device shall run and what it runs. Passwords are left out. */
export const DeviceConfigAnswer = Type.Object({
  device: Type.String(),
  state: ConfigState,
  desired: Type.Union([Desired, Type.Null()]),
  reported: Type.Union([Reported, Type.Null()]),
});
export type DeviceConfigAnswer = Type.Static<typeof DeviceConfigAnswer>;

/** `GET /api/v1/config-states`: how far each device has come; those of which nobody wants another one are left out. */
export const ConfigStatesAnswer = Type.Object({
  states: Type.Array(Type.Object({ device: Type.String(), state: ConfigState })),
});
export type ConfigStatesAnswer = Type.Static<typeof ConfigStatesAnswer>;

/** `PUT /api/v1/devices/{id}/config`: `version` is that of the desired configuration it was made from, 0 for none. */
export const DeviceConfigChange = Type.Object(
  {
    config: Type.Record(Type.String(), Type.Unknown()),
    version: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);
export type DeviceConfigChange = Type.Static<typeof DeviceConfigChange>;

/** What a configuration would have sent of the last minutes. Sensors share batches: the bytes are an upper bound. */
export const DryRunFigures = Type.Object({
  batchesPerSec: Type.Number(),
  bytesPerSec: Type.Number(),
  sensors: Type.Array(
    Type.Object({
      sensor: Type.String(),
      /** Readings that were replayed, and how long they took; 0 where nothing is recorded. */
      readings: Type.Integer(),
      spanSec: Type.Number(),
      /** Rows or windows. */
      rowsPerSec: Type.Number(),
      bytesPerSec: Type.Number(),
    }),
  ),
});
export type DryRunFigures = Type.Static<typeof DryRunFigures>;

const Values = Type.Array(Type.Number());

/**
 * What one stream would look like: the readings of the last minutes as they would be without windows and without
 * stages that leave readings out, and what would be sent of them; both thinned for a drawing, times in µs. The
 * error is that of everything, before the thinning: the largest distance of a reading from the mean of its
 * window; from the line between two sent readings; or, behind a deadband, from the last sent one.
 */
export const DryRunDrawing = Type.Object({
  sensor: Type.String(),
  quantity: Type.String(),
  unit: Type.String(),
  raw: Type.Object({ t: Values, v: Values }),
  /** Of a reading, `start` and `end` are its time, and the three values are one. */
  sent: Type.Object({ start: Values, end: Values, mean: Values, min: Values, max: Values }),
  /** Null where nothing would be sent. */
  worstError: Type.Union([Type.Number(), Type.Null()]),
});
export type DryRunDrawing = Type.Static<typeof DryRunDrawing>;

/** `POST /api/v1/devices/{id}/config/dry-run`: what is wrong, or what it would send, beside what runs now. */
export const DryRunAnswer = Type.Object({
  ok: Type.Boolean(),
  errors: Reported.properties.errors,
  now: DryRunFigures,
  next: Type.Union([DryRunFigures, Type.Null()]),
  /** One a stream of `next` that has readings; left out by agents that cannot draw. */
  drawings: Type.Optional(Type.Array(DryRunDrawing)),
});
export type DryRunAnswer = Type.Static<typeof DryRunAnswer>;
