import { defineErrors } from './define.ts';

/** Errors of the way from a blank card to a device: numbers 7500 to 7999. */
export const provisionErrors = defineErrors({
  PROVISION_IMAGE_UNREADABLE: {
    number: 7500,
    title: 'The image cannot be read.',
    remedy: 'Name a disk image: .img, or one packed as .img.xz, .img.zst, .img.gz or .zip.',
  },
  PROVISION_IMAGE_DAMAGED: {
    number: 7501,
    title: 'The image is damaged or cut short.',
    remedy: 'Download it again, and compare its checksum with the one that its publisher gives.',
  },
  PROVISION_BOOT_PARTITION_MISSING: {
    number: 7502,
    title: 'The image has no FAT partition that a device boots from.',
    remedy: 'Use an image of Raspberry Pi OS, or of another system that boots from a FAT partition.',
  },
  PROVISION_FIRST_BOOT_UNKNOWN: {
    number: 7503,
    title: 'The image has no means of first boot that is known here.',
    remedy:
      'Use an image with cloud-init (user-data in its boot partition) or with a cmdline.txt; or install on the running device: fieldline flash ssh.',
  },
  PROVISION_TARGET_TOO_SMALL: {
    number: 7504,
    title: 'The image does not fit.',
    remedy: 'Use a larger card or disk.',
  },
  PROVISION_TARGET_REFUSED: {
    number: 7505,
    title: 'This is no place to write an image to.',
    remedy:
      'Name a removable disk that is not in use (fieldline flash disk lists them); unmount it first; for a file, name one that does not exist yet.',
  },
  PROVISION_TARGET_FAILED: {
    number: 7506,
    title: 'The card or file stopped taking or giving data.',
    remedy:
      'What is on it now is incomplete and must not be used: check that the card sits well (or that the disk has room), and flash it again.',
  },
  PROVISION_VERIFY_FAILED: {
    number: 7507,
    title: 'What was read back is not what was written.',
    remedy: 'Do not use this card as it is: flash it again, and throw it away if that happens twice.',
  },
  PROVISION_BOOT_PARTITION_FULL: {
    number: 7508,
    title: 'The boot partition has no room, or cannot be written.',
    remedy: 'Use an image with a larger boot partition (Raspberry Pi OS has 512 MiB).',
  },
  PROVISION_SETTINGS_INVALID: {
    number: 7509,
    title: 'A setting for the device cannot be used.',
    remedy: 'Correct the option that the message names; --help shows an example.',
  },
  PROVISION_RUNTIME_MISSING: {
    number: 7510,
    title: 'The Node.js for the device could not be fetched.',
    remedy:
      'Check that npm reaches its registry (npm ping); what was fetched once is kept in the cache of the user.',
  },
  PROVISION_DISKS_UNKNOWN: {
    number: 7511,
    title: 'The disks of this machine cannot be listed.',
    remedy:
      'Install util-linux 2.37 or newer (Linux only); on other systems make an image file and write it with the tool of the system.',
  },
});
