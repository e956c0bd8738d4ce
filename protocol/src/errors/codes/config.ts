import { defineErrors } from './define.ts';

/** Errors of configuration files, environment and flags: numbers 1000 to 1499. */
export const configErrors = defineErrors({
  CONFIG_UNREADABLE: {
    number: 1000,
    title: 'The configuration file cannot be read.',
    remedy: 'Check that the path is right and that this user may read it.',
  },
  CONFIG_NOT_YAML: {
    number: 1001,
    title: 'The configuration file is not valid YAML.',
    remedy: 'Correct the line that the message names.',
  },
  CONFIG_UNKNOWN_KEY: {
    number: 1002,
    title: 'The configuration holds a key that does not exist.',
    remedy: 'Use the nearest known key that the message suggests, or remove the key.',
  },
  CONFIG_INVALID_VALUE: {
    number: 1003,
    title: 'The configuration holds a value that is not allowed there.',
    remedy: 'Use a value of the kind that the message names; docs/reference lists all of them.',
  },
  CONFIG_REJECTED: {
    number: 1010,
    title: 'The device rejects a configuration of the gateway.',
    remedy: 'Correct the key that the message names, and set the configuration again.',
  },
  CONFIG_ROLLED_BACK: {
    number: 1011,
    title: 'A configuration of the gateway was taken back.',
    remedy: 'Check `gateway` in it and the network; the configuration that ran before runs again.',
  },
  CONFIG_REMOTE_FAILED: {
    number: 1012,
    title: 'A configuration of the gateway could not be kept or changed to.',
    remedy: 'Check the disk of the device; set the configuration again.',
  },
});
