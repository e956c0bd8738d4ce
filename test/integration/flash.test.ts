import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runFieldline } from '../services/run-fieldline.ts';
import { requireProgram } from '../services/skips.ts';

const dosfstools = 'apt-get install dosfstools';
const mkfs = requireProgram('mkfs.vfat', ['mkfs.vfat', '/usr/sbin/mkfs.vfat'], dosfstools);
const fsck = requireProgram('fsck.vfat', ['fsck.vfat', '/usr/sbin/fsck.vfat'], dosfstools);
const mcopy = requireProgram('mcopy', ['mcopy'], 'apt-get install mtools');
const sfdisk = requireProgram('sfdisk', ['sfdisk', '/usr/sbin/sfdisk'], 'apt-get install fdisk');
const xz = requireProgram('xz', ['xz'], 'apt-get install xz-utils');
const losetup = requireProgram('losetup', ['losetup', '/usr/sbin/losetup'], 'apt-get install mount');
const anyMissing = [mkfs, fsck, mcopy, sfdisk, xz].some(({ missing }) => missing);

const mebi = 1024 * 1024;
const bootMebi = 64;
let folder: string;
let image: string;

/** A card as the tools of a distribution make it: partition table, FAT32 boot partition at 4 MiB, other data. */
function makeImage(): void {
  writeFileSync(image, '');
  truncateSync(image, (4 + bootMebi + 8) * mebi);
  const table = `label: dos\nstart=4MiB, size=${bootMebi}MiB, type=c\ntype=83\n`;
  execFileSync(sfdisk.path, ['--quiet', image], { input: table });
  const options = [
    '-F',
    '32',
    '-s',
    '1',
    '--offset',
    String((4 * mebi) / 512),
    image,
    String(bootMebi * 1024),
  ];
  execFileSync(mkfs.path, options, { stdio: 'ignore' });
  writeFileSync(join(folder, 'cmdline.txt'), 'console=tty1 root=PARTUUID=1-02 rootwait\n');
  writeFileSync(join(folder, 'user-data'), '#cloud-config\n');
  execFileSync(mcopy.path, [
    '-i',
    `${image}@@4M`,
    join(folder, 'cmdline.txt'),
    join(folder, 'user-data'),
    '::',
  ]);
}

/** Reads a file of a card's boot partition by mtools. */
function bootFile(card: string, name: string): string {
  const words = ['-n', '-i', `${card}@@4M`, `::${name}`, '-'];
  return execFileSync(mcopy.path, words, { encoding: 'utf8', maxBuffer: 8 * mebi });
}

function checkFileSystem(card: string): void {
  const boot = join(folder, 'boot.fat');
  writeFileSync(boot, readFileSync(card).subarray(4 * mebi, (4 + bootMebi) * mebi));
  expect(execFileSync(fsck.path, ['-n', boot], { encoding: 'utf8' })).not.toMatch(/differ|dirty|wrong|lost/i);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-flash-'));
  image = join(folder, 'os.img');
  writeFileSync(join(folder, 'secret'), 'wie-geheim\n');
  mkdirSync(join(folder, 'packages'));
  writeFileSync(join(folder, 'packages', 'fieldline-agent_0.1.0_arm64.deb'), 'agent');
  writeFileSync(
    join(folder, 'packages', 'fieldline-runtime_24.21.0_arm64.deb'),
    Buffer.alloc(3 * mebi, 'runtime'),
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

const device = () => [
  ...['--name', 'greenhouse-1', '--gateway', 'mqtts://gateway.example:8883', '--no-wait', '--json'],
  ...['--packages', join(folder, 'packages'), '--password-file', join(folder, 'secret')],
  ...['--wifi', 'Glashaus', '--wifi-country', 'CH'],
];

describe.skipIf(anyMissing)('fieldline flash', () => {
  test('makes a card from a packed image that the tools of the distribution read without fault', async () => {
    makeImage();
    execFileSync(xz.path, ['-0', image]);
    const card = join(folder, 'card.img');
    const outcome = await runFieldline(['flash', 'image', `${image}.xz`, ...device(), '--output', card]);
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ format: 'xz', sizeBytes: statSync(card).size });
    checkFileSystem(card);
    // dpkg takes them by name: the runtime comes before what depends on it.
    expect(bootFile(card, 'fieldline/2-fieldline-agent_0.1.0_arm64.deb')).toBe('agent');
    expect(bootFile(card, 'fieldline/1-fieldline-runtime_24.21.0_arm64.deb')).toHaveLength(3 * mebi);
    expect(bootFile(card, 'fieldline/password')).toBe('wie-geheim\n');
    expect(bootFile(card, 'fieldline/agent.yaml')).toContain('mqtts://gateway.example:8883');
    expect(bootFile(card, 'network-config')).toContain('Glashaus');
    expect(bootFile(card, 'cmdline.txt')).toMatch(/^console=tty1 .* ds=nocloud;i=fieldline-[0-9a-f]{16}\n$/);
    execFileSync('sh', ['-n'], { input: bootFile(card, 'fieldline/install.sh') });
  });

  test('takes the claim that a configuration brings, and asks no gateway for another one', async () => {
    makeImage();
    const card = join(folder, 'card.img');
    const config = join(folder, 'greenhouse-1.yaml');
    const gateway = { url: 'mqtts://old.example:8883', claim: 'greenhouse-1.FINGERPRINT.SECRET' };
    writeFileSync(config, JSON.stringify({ device: 'greenhouse-1', gateway, sensors: [] }));
    const given = device().filter((word, index, all) => ![word, all[index - 1]].includes('--password-file'));
    const nowhere = ['--api', 'http://127.0.0.1:9'];
    const outcome = await runFieldline(['flash', 'image', image, ...given, ...nowhere, '--config', config, '--output', card]); // prettier-ignore
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    const written = bootFile(card, 'fieldline/agent.yaml');
    expect(written).toContain('claim: greenhouse-1.FINGERPRINT.SECRET');
    expect(written).toContain('mqtts://gateway.example:8883');
  });

  test('refuses packages of another processor by name, before anything is written', async () => {
    makeImage();
    const card = join(folder, 'card.img');
    const outcome = await runFieldline([
      ...['flash', 'image', image, ...device(), '--arch', 'armhf', '--output', card],
    ]);
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toMatch(
      /none of its packages is for armhf: .*fieldline-agent_0\.1\.0_arm64\.deb/i,
    );
    expect(existsSync(card)).toBe(false);
  });

  test('refuses a configuration that the agent would refuse, with its line, before anything is written', async () => {
    makeImage();
    const card = join(folder, 'card.img');
    const config = join(folder, 'agent.yaml');
    writeFileSync(config, 'sensors:\n  - { id: gnss, driver: gnss, port: /dev/ttyS0, baud: 9600 }\n');
    const outcome = await runFieldline([
      'flash',
      'image',
      image,
      ...device(),
      '--config',
      config,
      '--output',
      card,
    ]);
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(outcome.stderr).toContain(`${config}:2:`);
    expect(outcome.stderr).toContain('CONFIG_UNKNOWN_KEY');
    expect(existsSync(card)).toBe(false);
  });

  test('refuses what cannot be done by name, and leaves no file behind', async () => {
    makeImage();
    const card = join(folder, 'card.img');
    const refusal = async (words: readonly string[]) => {
      const { exitCode, stderr } = await runFieldline([...words, ...device()]);
      return [exitCode, /\[(\w+)\]/.exec(stderr)?.[1]];
    };
    const toCard = ['--output', card];
    expect(await refusal(['flash', 'image', '/nowhere.img', ...toCard])).toEqual([
      1,
      'PROVISION_IMAGE_UNREADABLE',
    ]);
    expect(await refusal(['flash', 'image', image, ...toCard, '--timezone', 'Mars/Base'])).toEqual([
      2,
      'PROVISION_SETTINGS_INVALID',
    ]);
    truncateSync(image, 20 * mebi);
    expect(await refusal(['flash', 'image', image, ...toCard])).toEqual([1, 'PROVISION_IMAGE_DAMAGED']);
    expect(await refusal(['flash', 'disk', '/dev/null', '--image', image])).toEqual([
      1,
      'PROVISION_TARGET_REFUSED',
    ]);
    expect(existsSync(card)).toBe(false);
  });

  // Loop devices are the kernel's, and root's.
  test.skipIf(losetup.missing || process.getuid?.() !== 0)(
    'writes a disk, and reads it back past the cache',
    async () => {
      makeImage();
      const backing = join(folder, 'disk');
      writeFileSync(backing, '');
      truncateSync(backing, 100 * mebi);
      const disk = execFileSync(losetup.path, ['--find', '--show', backing], { encoding: 'utf8' }).trim();
      try {
        const words = ['flash', 'disk', disk, '--image', image, ...device(), '--yes'];
        const refused = await runFieldline(words);
        expect(refused.stderr).toContain('--any-disk');
        const outcome = await runFieldline([...words, '--any-disk']);
        expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
        checkFileSystem(backing);
        truncateSync(backing, 10 * mebi);
        execFileSync(losetup.path, ['--set-capacity', disk]);
        const small = await runFieldline([...words, '--any-disk']);
        expect(small.stderr).toContain('[PROVISION_TARGET_TOO_SMALL]');
      } finally {
        execFileSync(losetup.path, ['--detach', disk]);
      }
    },
  );
});
