import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packCpio } from '../cpio.ts';
import { unpackKernel, type Kernel } from '../kernel.ts';
import type { CardKind, CardParts } from './card-parts.ts';

const mebi = 1024 * 1024;
/** As on Raspberry Pi OS, where the boot partition is four times as large. */
const boot = { startMebi: 4, sizeMebi: 128 };
const rootMebi = 1000;

/** Drivers of the emulated board and of the card's file systems, each behind those it needs. */
const modules = [
  'crc32c_generic',
  ...['virtio_pci_modern_dev', 'virtio_pci_legacy_dev', 'virtio_pci', 'virtio_blk'],
  ...['jbd2', 'mbcache', 'crc16', 'ext4'],
  ...['fat', 'vfat', 'nls_cp437', 'nls_ascii', 'nls_iso8859-1', 'nls_utf8'],
  ...['failover', 'net_failover', 'virtio_net', 'virtio-rng', 'autofs4'],
];

const commandLine = 'console=ttyAMA0 root=/dev/vda2 rootwait net.ifnames=0 panic=1 quiet\n';

/** What tells each kind of system apart, in its boot partition. */
const marks: Readonly<Record<CardKind, Readonly<Record<string, string>>>> = {
  firstrun: { 'issue.txt': 'Raspberry Pi reference 2024-11-19\n' },
  'cloud-init': {
    'user-data': '#cloud-config\n',
    'meta-data': 'dsmode: local\ninstance_id: rpios-image\n',
    'network-config': '# The image asks for nothing.\n',
  },
};

/**
 * Assembles the image of an operating system, as a distribution would ship it, without root and mounts: partition
 * table, FAT32 boot partition with kernel, initramfs and command line, and an ext4 root partition. Answers its path.
 */
export function assembleImage(kind: CardKind, parts: CardParts, folder: string): string {
  const image = join(folder, `${kind}.img`);
  const files = join(folder, `${kind}-boot`);
  mkdirSync(files);
  for (const [name, content] of Object.entries(bootFiles(kind, parts, folder)))
    writeFileSync(join(files, name), content);
  writeFileSync(image, '');
  truncateSync(image, (boot.startMebi + boot.sizeMebi + rootMebi) * mebi);
  // Without a start, the second would go into the gap before the first.
  const partitions = [
    `start=${boot.startMebi}MiB, size=${boot.sizeMebi}MiB, type=c`,
    `start=${boot.startMebi + boot.sizeMebi}MiB, type=83`,
  ];
  const table = `label: dos\n${partitions.join('\n')}\n`;
  execFileSync(parts.sfdisk.path, ['--quiet', image], { input: table });
  const sector = String((boot.startMebi * mebi) / 512);
  const fat = [
    '-F',
    '32',
    '-s',
    '1',
    '-n',
    'bootfs',
    '--offset',
    sector,
    image,
    String(boot.sizeMebi * 1024),
  ];
  execFileSync(parts.mkfs.path, fat, { stdio: 'ignore' });
  execFileSync('sh', [
    '-c',
    'cd "$1" && exec "$2" -i "$3" * ::',
    'sh',
    files,
    parts.mcopy.path,
    bootOf(image),
  ]);
  const seek = `seek=${(boot.startMebi + boot.sizeMebi) / 4}`;
  const copy = [`if=${parts.root.path}`, `of=${image}`, 'bs=4M', seek, 'conv=sparse,notrunc', 'status=none'];
  execFileSync('dd', copy);
  return image;
}

/** Reads a file of a card's boot partition, as the firmware of a board does. */
export function readBootFile(card: string, name: string, mcopy: string): Buffer {
  return execFileSync(mcopy, ['-n', '-i', bootOf(card), `::${name}`, '-'], { maxBuffer: 128 * mebi });
}

function bootOf(image: string): string {
  return `${image}@@${boot.startMebi}M`;
}

function bootFiles(kind: CardKind, parts: CardParts, folder: string): Record<string, string | Uint8Array> {
  const kernel = unpackKernel(parts.kernelPackage.path, modules);
  return {
    'kernel8.img': readFileSync(kernel.imagePath),
    initramfs8: initramfs(kernel, parts, folder),
    'cmdline.txt': commandLine,
    ...marks[kind],
  };
}

function initramfs(kernel: Kernel, { busyboxPackage, dpkg }: CardParts, folder: string): Buffer {
  const unpacked = join(folder, 'busybox');
  execFileSync(dpkg.path, ['--extract', busyboxPackage.path, unpacked]);
  const init = fileURLToPath(new URL('initramfs-init.sh', import.meta.url));
  const program = (path: string, from: string) => ({ path, mode: 0o100755, bytes: readFileSync(from) });
  const plain = (path: string, bytes: Uint8Array) => ({ path, mode: 0o100644, bytes });
  return packCpio([
    program('init', init),
    program('bin/busybox', join(unpacked, 'bin/busybox')),
    plain('modules/order', Buffer.from(`${modules.join('\n')}\n`)),
    ...modules.map((name) => plain(`modules/${name}.ko`, kernel.module(name))),
  ]);
}
