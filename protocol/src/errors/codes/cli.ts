import { defineErrors } from './define.ts';

/** Errors of the cli stage: numbers 1500 to 1999. */
export const cliErrors = defineErrors({
  CLI_USAGE: {
    number: 1500,
    title: 'The command was not understood.',
    remedy: 'Run it with --help to see its options and an example.',
  },
  CLI_GATEWAY_UNREACHABLE: {
    number: 1501,
    title: 'No gateway answers at this address.',
    remedy: 'Start one with `fieldline gateway`, or name another with --gateway URL.',
  },
  CLI_GATEWAY_REFUSED: {
    number: 1502,
    title: 'The gateway refused the request.',
    remedy: 'Read the reason; for a missing permission give --token, FIELDLINE_TOKEN or FIELDLINE_HOME.',
  },
  CLI_PORT_BUSY: {
    number: 1503,
    title: 'The port is in use by another program.',
    remedy: 'Stop the other program, or choose another port: 0 takes any free one.',
  },
  CLI_DEMO_FAILED: {
    number: 1504,
    title: 'A part of the demo did not come up.',
    remedy: 'Read the lines above it; `fieldline doctor` checks this machine.',
  },
  CLI_DASHBOARD_BUILD_FAILED: {
    number: 1505,
    title: 'The dashboard could not be built.',
    remedy: 'Run `npm ci` and then `npm run build` to see why.',
  },
  CLI_SETTINGS_INVALID: {
    number: 1506,
    title: 'A setting from the environment or the settings file is not allowed there.',
    remedy: 'Correct it; flags of the command override both.',
  },
  CLI_EXPORT_INCOMPLETE: {
    number: 1507,
    title: 'The export broke off before its end.',
    remedy: 'Try again; the log of the gateway says what happened. What had come is not kept.',
  },
  BACKUP_UNUSABLE: {
    number: 1508,
    title: 'This folder is no whole backup of a gateway.',
    remedy: 'Name a folder that `fieldline backup` wrote to its end; what is wrong with it is said above.',
  },
  BACKUP_TARGET_OCCUPIED: {
    number: 1509,
    title: 'The target folder is not empty.',
    remedy: 'Name a folder that is empty or does not exist; move what is there away first.',
  },
});
