import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { requireFile, requireProgram, type Program } from '../../services/skips.ts';

/** By what the system on a test card takes its settings. */
export type CardKind = 'firstrun' | 'cloud-init';

/** The programs and files of which cards are made, and the machine that they boot in. */
export interface CardParts {
  readonly qemu: Program;
  readonly sfdisk: Program;
  readonly mkfs: Program;
  readonly mcopy: Program;
  readonly dpkg: Program;
  readonly kernelPackage: Program;
  readonly busyboxPackage: Program;
  /** The root file system: one ext4 image. */
  readonly root: Program;
}

/** Where `fetch-kernel.sh` and `make-root.sh` put what they make. */
function cardFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return process.env['FIELDLINE_CARD_DIR'] ?? join(cache, 'fieldline/card');
}

/**
 * Looks for all that a whole-card test needs. Undefined where they are not asked for (`npm run test:device` asks):
 * they take minutes. What is missing is told with the command that brings it.
 */
export function cardParts(kind: CardKind): CardParts | undefined {
  if (process.env['FIELDLINE_TEST_DEVICE'] !== '1') return undefined;
  const kernel = 'sh test/device/card/fetch-kernel.sh';
  return {
    qemu: requireProgram('qemu-system-aarch64', ['qemu-system-aarch64'], 'apt-get install qemu-system-arm'),
    sfdisk: requireProgram('sfdisk', ['sfdisk', '/usr/sbin/sfdisk'], 'apt-get install fdisk'),
    mkfs: requireProgram('mkfs.vfat', ['mkfs.vfat', '/usr/sbin/mkfs.vfat'], 'apt-get install dosfstools'),
    mcopy: requireProgram('mcopy', ['mcopy'], 'apt-get install mtools'),
    dpkg: requireProgram('dpkg-deb', ['dpkg-deb'], 'apt-get install dpkg'),
    kernelPackage: requireFile(
      "Debian's kernel for arm64",
      cachedFile(/^linux-image-.*_arm64\.deb$/),
      kernel,
    ),
    busyboxPackage: requireFile('busybox for arm64', cachedFile(/^busybox-static_.*_arm64\.deb$/), kernel),
    root: requireFile(
      `the root file system with ${kind}`,
      cachedFile(new RegExp(`^root-${kind}\\.ext4$`)),
      `sh test/device/card/make-root.sh ${kind}`,
    ),
  };
}

/** Whether all of them are there. */
export function isComplete(parts: CardParts | undefined): parts is CardParts {
  return parts !== undefined && Object.values(parts).every(({ missing }) => !missing);
}

function cachedFile(pattern: RegExp): string | undefined {
  const folder = cardFolder();
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder)
    .filter((each) => pattern.test(each))
    .sort()
    .at(-1);
  return name === undefined ? undefined : join(folder, name);
}
