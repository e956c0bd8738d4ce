import { Type } from 'typebox';
import { agentDefaults } from './defaults.ts';

/** When the device believes its wall clock. Takes effect when the agent starts. */
export const ClockKeys = Type.Object(
  {
    source: Type.Optional(
      Type.Union([Type.Literal('system'), Type.Literal('gnss')], {
        default: agentDefaults.clockSource,
        description:
          "What gives the device its time: the system's clock, or the GNSS receiver `sensor`; until that has a fix, a system clock that a time service has set",
      }),
    ),
    sensor: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'With `source: gnss`: the id of the sensor that is the receiver',
      }),
    ),
    delay: Type.Optional(
      Type.String({
        default: agentDefaults.clockDelay,
        description: "How long after its second a receiver's first sentence arrives at least: 0s to 2s",
      }),
    ),
    settle: Type.Optional(
      Type.String({
        default: agentDefaults.settle,
        description:
          'How long a clock that a time service has not set yet, or that is before a time already seen, is not believed: 0s to 24h',
      }),
    ),
    syncedFile: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'A file that exists once the time is right, where another service than systemd-timesyncd sets it; relative to the folder of this file',
      }),
    ),
  },
  { additionalProperties: false, description: 'When the wall clock is believed; read when the agent starts' },
);
