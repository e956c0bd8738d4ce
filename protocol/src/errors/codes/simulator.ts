import { defineErrors } from './define.ts';

/** Errors of the simulator stage: numbers 8000 to 8499. */
export const simulatorErrors = defineErrors({
  SIMULATOR_NO_PTY: {
    number: 8000,
    title: 'No pseudo-terminal can be opened.',
    remedy:
      'Run on Linux (x64 or arm64), install with optional packages, and check that /dev/pts is mounted.',
  },
  SIMULATOR_LINK_TAKEN: {
    number: 8001,
    title: 'The path for the link to the virtual port is taken by something that is not a link.',
    remedy: 'Choose another path with --link, or remove what is there.',
  },
  SIMULATOR_BAD_OPTION: {
    number: 8002,
    title: 'The virtual sensor cannot run with this option.',
    remedy: 'Use a value of the kind that the message names; --help shows an example.',
  },
  SIMULATOR_RECORDING_UNUSABLE: {
    number: 8003,
    title: 'The recording cannot be read or holds nothing to replay.',
    remedy: 'Name a recording of simulators/recordings, or a file of NMEA 0183 sentences with times of day.',
  },
  SIMULATOR_FLEET_REFUSED: {
    number: 8004,
    title: 'The gateway did not register a device of the fleet.',
    remedy: 'Check --gateway and the token; choose another --prefix where the names are taken.',
  },
});
