import { defineErrors } from './define.ts';

/** Errors of the uplink stage: numbers 3500 to 3999. */
export const uplinkErrors = defineErrors({
  UPLINK_UNREACHABLE: {
    number: 3500,
    title: 'The gateway cannot be reached.',
    remedy: 'Check `gateway.url` and the network; the agent keeps its readings and tries again.',
  },
  UPLINK_REFUSED: {
    number: 3501,
    title: 'The gateway refuses this device.',
    remedy: 'Check the device id and the password, or add the device with `fieldline device add`.',
  },
  UPLINK_DISCONNECTED: {
    number: 3502,
    title: 'The connection to the gateway ended.',
    remedy: 'Nothing to do: the agent connects again; look at the gateway if this repeats.',
  },
  UPLINK_ACK_OVERDUE: {
    number: 3503,
    title: 'The gateway has not acknowledged a batch in time.',
    remedy: 'Look at the disk and load of the gateway; the agent connects again and resends.',
  },
  UPLINK_COMMAND_UNKNOWN: {
    number: 3505,
    title: 'The agent does not know this command.',
    remedy: 'Send one of the commands that the message lists.',
  },
  UPLINK_CLAIM_FAILED: {
    number: 3507,
    title: 'The device did not get a certificate.',
    remedy: 'Make a new claim with `fieldline device add NAME --claim`, and put it into `gateway.claim`.',
  },
  UPLINK_GATEWAY_UNTRUSTED: {
    number: 3508,
    title: 'What answers is not the gateway that the device knows.',
    remedy:
      'Check the address for a mistake; where the gateway has a new authority, give the device a new claim.',
  },
  UPLINK_CERTIFICATE_EXPIRED: {
    number: 3509,
    title: 'The certificate that the device has shown has ended, and the connection with it.',
    remedy:
      'Nothing where the agent connects again with the next one; otherwise give the device a new claim, and set its clock right.',
  },
  UPLINK_MESSAGE_INVALID: {
    number: 3506,
    title: 'A message from the gateway is not of the documented shape.',
    remedy: 'Correct the program that sent it; docs/reference/wire.md describes the shape.',
  },
});
