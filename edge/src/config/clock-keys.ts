import { Type } from 'typebox';
import { agentDefaults } from './defaults.ts';

/** When the device believes its wall clock. Takes effect when the agent starts. */
export const ClockKeys = Type.Object(
  {
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
