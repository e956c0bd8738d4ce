import { describe, expect, test } from 'vitest';
import { disksOf, mayWrite, type Disk } from './disk.ts';

/** In the shape of lsblk 2.38 with `--json --bytes`: a laptop with an encrypted disk, a card in a reader, an empty reader. */
const laptop = {
  blockdevices: [
    {
      path: '/dev/nvme0n1',
      size: 512_110_190_592,
      rm: false,
      ro: false,
      type: 'disk',
      hotplug: false,
      mountpoints: [null],
      model: 'SAMSUNG MZVLB512HBJQ-000L7',
      tran: 'nvme',
      children: [
        {
          path: '/dev/nvme0n1p3',
          size: 1,
          rm: false,
          ro: false,
          type: 'part',
          mountpoints: [null],
          children: [
            { path: '/dev/mapper/root', size: 1, type: 'crypt', mountpoints: ['/'] },
            { path: '/dev/mapper/swap', size: 1, type: 'crypt', mountpoints: ['[SWAP]'] },
          ],
        },
      ],
    },
    {
      path: '/dev/sda',
      size: 31_914_983_424,
      rm: true,
      ro: false,
      type: 'disk',
      hotplug: true,
      mountpoints: [null],
      model: 'STORAGE DEVICE  ',
      tran: 'usb',
    },
    {
      path: '/dev/sdb',
      size: 0,
      rm: true,
      ro: false,
      type: 'disk',
      hotplug: true,
      mountpoints: [null],
      model: 'Reader',
      tran: 'usb',
    },
    {
      path: '/dev/sr0',
      size: 1024,
      rm: true,
      ro: false,
      type: 'rom',
      hotplug: true,
      mountpoints: [null],
      model: 'DVD',
      tran: 'sata',
    },
  ],
};
const card: Disk = {
  path: '/dev/sda',
  sizeBytes: 31_914_983_424,
  model: 'STORAGE DEVICE',
  isRemovable: true,
  isReadOnly: false,
  usedAs: [],
};

test('a laptop has its own disk and the card; empty readers and DVDs are left out', () => {
  expect(disksOf(laptop)).toEqual([
    expect.objectContaining({
      path: '/dev/nvme0n1',
      isRemovable: false,
      usedAs: ['/', 'crypt /dev/mapper/root', '[SWAP]', 'crypt /dev/mapper/swap'],
    }),
    card,
  ]);
});

test.each([{}, null, 'text', { blockdevices: [null, 7, {}] }])(
  'what is no answer of lsblk gives no disks: %j',
  (answer) => {
    expect(disksOf(answer)).toEqual([]);
  },
);

describe('a disk is written to', () => {
  const wanted = { imageBytes: 1e9, anyDisk: false };
  test.each<[string, Partial<Disk>, Partial<typeof wanted>, string | undefined]>([
    ['where it is removable, idle and large enough', {}, {}, undefined],
    [
      'not while a part of it is mounted',
      { usedAs: ['/media/card'] },
      { anyDisk: true },
      'PROVISION_TARGET_REFUSED',
    ],
    ['not where it is locked', { isReadOnly: true }, {}, 'PROVISION_TARGET_REFUSED'],
    ['not where it is built in', { isRemovable: false }, {}, 'PROVISION_TARGET_REFUSED'],
    ['where it is built in and the person insists', { isRemovable: false }, { anyDisk: true }, undefined],
    ['not where the image does not fit', { sizeBytes: 999_999_999 }, {}, 'PROVISION_TARGET_TOO_SMALL'],
  ])('%s', (_, change, other, code) => {
    const result = mayWrite({ ...card, ...change }, { ...wanted, ...other });
    expect(result.ok ? undefined : result.refusal.code).toBe(code);
  });
});
