import { defineErrors } from './define.ts';

/** Errors of updates over the air, on the device and at the gateway: numbers 9000 to 9499. */
export const updateErrors = defineErrors({
  UPDATE_NOT_ENABLED: {
    number: 9000,
    title: 'This device takes no updates over the air.',
    remedy:
      'Give it the public key of `fieldline update key` (`updates.keys`, on the device), and run the agent from its package, whose launcher can go back.',
  },
  UPDATE_SIGNATURE_INVALID: {
    number: 9001,
    title: 'The update is not signed by anybody whom the device trusts.',
    remedy: 'Publish it with the key whose public half is in `updates.keys` of the device.',
  },
  UPDATE_WRONG_ARCH: {
    number: 9002,
    title: 'There is no bundle of this update for the processor of the device.',
    remedy:
      'Publish the version for the architecture that the message names: fieldline update publish --arch.',
  },
  UPDATE_OLDER: {
    number: 9003,
    title: 'The update is older than what runs.',
    remedy: 'Publish it with --allow-downgrade if devices are to go back to it.',
  },
  UPDATE_NO_SPACE: {
    number: 9004,
    title: 'The device has no room for the update.',
    remedy:
      'Free some space on the disk of its data directory; the update is tried when it is offered again.',
  },
  UPDATE_DOWNLOAD_FAILED: {
    number: 9005,
    title: 'The bundle could not be fetched whole.',
    remedy:
      'Check that the device reaches the HTTPS port of the gateway (8443); what it has is kept, and the rest is fetched when it connects again.',
  },
  UPDATE_DAMAGED: {
    number: 9006,
    title: 'The bundle is not what its manifest says.',
    remedy: 'Publish it again; where this comes back, look at the disk of the gateway and of the device.',
  },
  UPDATE_BUSY: {
    number: 9007,
    title: 'Another update is under way on this device.',
    remedy: 'Wait until it has ended: fieldline update status.',
  },
  UPDATE_NOT_CONFIRMED: {
    number: 9008,
    title: 'The new version delivered nothing in time; the one before runs again.',
    remedy: 'Look at the log of the device for what the new version said, and at the network at that time.',
  },
  UPDATE_NOT_STARTED: {
    number: 9009,
    title: 'The new version did not stay up; the one before runs again.',
    remedy: 'Look at the log of the device for what the new version said when it ended.',
  },
  UPDATE_WRITE_FAILED: {
    number: 9010,
    title: 'The update could not be put beside the running version.',
    remedy:
      'Look at the disk of the data directory of the device; the update is tried when it is offered again.',
  },
  UPDATE_BUNDLE_INVALID: {
    number: 9011,
    title: 'This is no bundle of an update.',
    remedy: 'Publish with `fieldline update publish`, which makes manifest, signature and bundle together.',
  },
  UPDATE_VERSION_UNKNOWN: {
    number: 9012,
    title: 'No bundle of this version has been published.',
    remedy: 'Publish it first; `fieldline update status` lists what there is.',
  },
  UPDATE_OFFER_UNKNOWN: {
    number: 9013,
    title: 'There is no such offer.',
    remedy: '`fieldline update status` lists the offers.',
  },
  UPDATE_LIMIT: {
    number: 9014,
    title: 'The gateway keeps no more of these.',
    remedy: 'Withdraw offers that have ended, and remove bundles that nobody is to get any more.',
  },
  UPDATE_TICKET_INVALID: {
    number: 9016,
    title: 'The ticket for this bundle is not one of the running gateway, or too old.',
    remedy: 'Nothing to do: the device gets another when it connects again.',
  },
  UPDATE_KEY_UNUSABLE: {
    number: 9015,
    title: 'The key for signing updates cannot be used.',
    remedy: 'Make one with `fieldline update key`, or name the file of one with --key.',
  },
});
