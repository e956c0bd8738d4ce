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
});
