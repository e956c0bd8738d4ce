import { Type } from 'typebox';
import { ClockQuality, TimeUs } from './names.ts';
import { UpdateProgress } from './update.ts';

/** `fieldline/v1/{device}/status`, retained; the last will is the same with `online: false`. */
export const Status = Type.Object(
  {
    online: Type.Boolean(),
    agentVersion: Type.String({ maxLength: 64 }),
    configVersion: Type.Integer({ minimum: 0 }),
    bootId: Type.String({ maxLength: 64 }),
    clock: ClockQuality,
    startedAt: TimeUs,
    /** Codes of the error registry that hold now and that a person has to mend; left out where there are none. */
    alarms: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Z][A-Z0-9_]{0,63}$' }), {
        maxItems: 16,
        description: 'Error codes',
      }),
    ),
    /** The newest update over the air; left out where there was none. */
    update: Type.Optional(UpdateProgress),
  },
  { additionalProperties: false },
);
export type Status = Type.Static<typeof Status>;

/** `fieldline/v1/{device}/config/desired`, retained: what the gateway wants the device to run. */
export const Desired = Type.Object(
  { version: Type.Integer({ minimum: 1 }), config: Type.Unknown() },
  { additionalProperties: false },
);
export type Desired = Type.Static<typeof Desired>;

/** `fieldline/v1/{device}/config/reported`, retained: what the device runs. */
export const Reported = Type.Object(
  {
    version: Type.Integer({ minimum: 0 }),
    state: Type.Union([Type.Literal('applied'), Type.Literal('rejected'), Type.Literal('rolled-back')]),
    errors: Type.Array(Type.Object({ path: Type.String(), reason: Type.String() })),
    config: Type.Unknown(),
  },
  { additionalProperties: false },
);
export type Reported = Type.Static<typeof Reported>;

/** `fieldline/v1/{device}/command` and `…/command/reply`. */
export const Command = Type.Object(
  { id: Type.String({ maxLength: 64 }), name: Type.String({ maxLength: 64 }), args: Type.Unknown() },
  { additionalProperties: false },
);
export type Command = Type.Static<typeof Command>;

/** `fieldline/v1/{device}/command/reply`: what came of a command, by its id. */
export const CommandReply = Type.Object(
  {
    id: Type.String({ maxLength: 64 }),
    ok: Type.Boolean(),
    result: Type.Optional(Type.Unknown()),
    error: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type CommandReply = Type.Static<typeof CommandReply>;
