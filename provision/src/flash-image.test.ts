import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findBootPartition } from './boot/find-boot-partition.ts';
import { flashImage, type FlashPlan, type FlashProgress, type FlashReport } from './flash-image.ts';
import { openImage } from './image/open-image.ts';
import { BlockTarget } from './target/block-target.ts';
import { writeFatImage } from './testing/fat-image.ts';

const mebi = 1024 * 1024;
const trixie = {
  'cmdline.txt': 'console=tty1 root=PARTUUID=1-02 rootwait\n',
  'user-data': '#cloud-config\nruncmd:\n  - [touch, /own]\npackage_update: false\n',
  'meta-data': 'instance-id: rpios-image\n',
};
const bookworm = {
  'cmdline.txt': 'console=tty1 root=PARTUUID=1-02 rootwait quiet\n',
  'issue.txt': 'Raspberry Pi reference 2024-11-19\n',
};

let folder: string;
let image: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-flash-'));
  image = join(folder, 'os.img');
});
afterEach(() => rm(folder, { recursive: true }));

const bigPackage = Buffer.alloc(3 * mebi + 17, 'package');
function planOf(change: Partial<FlashPlan['settings']> = {}): FlashPlan {
  return {
    settings: {
      name: 'greenhouse-1',
      user: { name: 'pi', passwordHash: '$6$salt$hash', sshKeys: ['ssh-ed25519 AAAAC3Nz pi@desk'] },
      wifi: { ssid: `It's "ours"`, password: 'p$w`or\\d 1', country: 'CH' },
      timezone: 'Europe/Zurich',
      ...change,
    },
    agent: {
      config: 'device: greenhouse-1\n',
      password: 'wie-geheim',
      packages: [{ name: 'fieldline-agent_1.0_arm64.deb', content: bigPackage }],
    },
  };
}

async function flash(plan = planOf()): Promise<{ report: FlashReport; path: string; seen: FlashProgress[] }> {
  const path = join(folder, 'card.img');
  const source = await openImage(image);
  const target = await BlockTarget.createFile(path);
  const seen: FlashProgress[] = [];
  try {
    const report = await flashImage(
      plan,
      { image: source, target },
      { onProgress: (progress) => seen.push(progress) },
    );
    return { report, path, seen };
  } finally {
    await target.close();
    await source.close();
  }
}

async function filesOf(path: string, names: readonly string[]): Promise<Record<string, string | undefined>> {
  const target = await BlockTarget.openDisk(path, Infinity);
  target.sizeBytes = (await readFile(path)).length;
  const boot = await findBootPartition(target);
  const texts = Object.fromEntries(names.map((name) => [name, boot.readText(name)]));
  boot.unmount();
  await target.close();
  return texts;
}

describe('an image with cloud-init', () => {
  beforeEach(() =>
    writeFatImage({ path: image, partitionBytes: 40 * mebi, restBytes: 5 * mebi, files: trixie }),
  );

  test('gets its NoCloud files and the agent, and is read back whole', async () => {
    const { report, path, seen } = await flash();
    expect(report).toMatchObject({ format: 'raw', firstBoot: 'cloud-init', sizeBytes: 49 * mebi });
    expect(report.sha256).toBe(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    );
    const texts = await filesOf(path, [
      'user-data',
      'meta-data',
      'network-config',
      'cmdline.txt',
      'fieldline/agent.yaml',
    ]);
    expect(parse(texts['user-data'] ?? '')).toMatchObject({
      hostname: 'greenhouse-1',
      package_update: false,
      users: [{ name: 'pi', passwd: '$6$salt$hash', ssh_authorized_keys: ['ssh-ed25519 AAAAC3Nz pi@desk'] }],
      runcmd: [
        ['touch', '/own'],
        ['sh', '-c', expect.stringContaining('fieldline/install.sh')],
      ],
    });
    const instance: unknown = parse(texts['meta-data'] ?? '');
    // As Raspberry Pi OS ships it: without it cloud-init takes nothing before the network is there.
    expect(instance).toMatchObject({ dsmode: 'local', 'local-hostname': 'greenhouse-1' });
    expect(texts['cmdline.txt']).toBe(
      `console=tty1 root=PARTUUID=1-02 rootwait ds=nocloud;i=${(instance as Record<string, string>)['instance-id']}\n`,
    );
    expect(parse(texts['network-config'] ?? '')).toMatchObject({
      network: { wifis: { wlan0: { 'access-points': { [`It's "ours"`]: { password: 'p$w`or\\d 1' } } } } },
    });
    expect(texts['fieldline/agent.yaml']).toBe('device: greenhouse-1\n');
    expect(new Set(seen.map(({ phase }) => phase))).toEqual(new Set(['write', 'inject', 'sync', 'verify']));
  });

  test('changes nothing outside its boot partition', async () => {
    const { path } = await flash();
    const before = await readFile(image);
    const after = await readFile(path);
    const rest = 44 * mebi;
    expect(after.subarray(rest).equals(before.subarray(rest))).toBe(true);
    expect(after.subarray(0, 4 * mebi).equals(before.subarray(0, 4 * mebi))).toBe(true);
  });

  test.each([
    ['zstd', (bytes: Buffer) => zstdCompressSync(bytes)],
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
  ] as const)('is unpacked from %s while it is written', async (format, pack) => {
    const plain = await flash();
    const rest = (await readFile(plain.path)).subarray(44 * mebi);
    await rm(plain.path);
    await writeFile(image, pack(await readFile(image)));
    const { report, path } = await flash();
    // The times of the files in the boot partition differ; their content does not, and nothing else does.
    expect(report).toMatchObject({ format, files: plain.report.files });
    expect((await readFile(path)).subarray(44 * mebi).equals(rest)).toBe(true);
  });

  test('that is cut short is told as damaged', async () => {
    const packed = zstdCompressSync(await readFile(image));
    await writeFile(image, packed.subarray(0, packed.length - 1000));
    await expect(flash()).rejects.toMatchObject({ code: 'PROVISION_IMAGE_DAMAGED' });
  });

  test('that holds less than its partition table says is told as damaged', async () => {
    await truncate(image, 20 * mebi);
    await expect(flash()).rejects.toMatchObject({ code: 'PROVISION_IMAGE_DAMAGED' });
  });

  test('is written to no file that exists', async () => {
    const path = join(folder, 'card.img');
    await writeFile(path, 'mine');
    await expect(BlockTarget.createFile(path)).rejects.toMatchObject({ code: 'PROVISION_TARGET_REFUSED' });
  });

  test('is refused before the first byte where a setting is wrong', async () => {
    const plan = planOf({ wifi: { ssid: 'net', password: 'short', country: 'CH' } });
    await expect(flash(plan)).rejects.toMatchObject({
      code: 'PROVISION_SETTINGS_INVALID',
      detail: expect.stringContaining('wifi-password') as string,
    });
    expect(await readFile(join(folder, 'card.img'))).toHaveLength(0);
  });

  test('stops at once where it is told to', async () => {
    const target = await BlockTarget.createFile(join(folder, 'card.img'));
    const controller = new AbortController();
    const onProgress = ({ bytes }: FlashProgress) => {
      if (bytes > 5 * mebi) controller.abort();
    };
    const source = await openImage(image);
    const work = flashImage(planOf(), { image: source, target }, { onProgress, signal: controller.signal });
    await expect(work).rejects.toThrow('abort');
    expect(target.sizeBytes).toBeLessThan(8 * mebi);
    await source.close();
    await target.close();
    await target.discard();
    expect(existsSync(target.path)).toBe(false);
  });

  test('with more packages than the partition has room for is refused by name', async () => {
    const plan = planOf();
    const packages = [{ name: 'huge.deb', content: Buffer.alloc(41 * mebi) }];
    await expect(flash({ ...plan, agent: { ...plan.agent, packages } })).rejects.toMatchObject({
      code: 'PROVISION_BOOT_PARTITION_FULL',
    });
  });
});

test('an image before cloud-init gets a script for its first boot', async () => {
  await writeFatImage({ path: image, partitionBytes: 40 * mebi, restBytes: mebi, files: bookworm });
  const { report, path } = await flash();
  expect(report.firstBoot).toBe('firstrun');
  const texts = await filesOf(path, ['firstrun.sh', 'cmdline.txt', 'user-data']);
  expect(texts['user-data']).toBeUndefined();
  expect(texts['cmdline.txt']).toBe(
    'console=tty1 root=PARTUUID=1-02 rootwait quiet systemd.run=/boot/firmware/firstrun.sh ' +
      'systemd.run_success_action=reboot systemd.unit=kernel-command-line.target\n',
  );
  expect(texts['firstrun.sh']).toContain(`echo 'greenhouse-1' >/etc/hostname`);
  // What bash says of each command would leave hashes and passwords in a log that any computer can read.
  expect(texts['firstrun.sh']).not.toMatch(/^set .*x/m);
});

test('an image without a known means of first boot is refused', async () => {
  await writeFatImage({
    path: image,
    partitionBytes: 40 * mebi,
    restBytes: mebi,
    files: { 'readme.txt': 'x' },
  });
  await expect(flash()).rejects.toMatchObject({ code: 'PROVISION_FIRST_BOOT_UNKNOWN' });
});

test('what is no image is refused by what it is', async () => {
  await writeFile(image, 'a letter to my aunt');
  await expect(flash()).rejects.toMatchObject({ code: 'PROVISION_IMAGE_UNREADABLE' });
});

test('a disk without a partition table is refused', async () => {
  const disk = Buffer.alloc(mebi);
  disk.writeUInt16LE(0xaa55, 510);
  await writeFile(image, disk);
  await expect(flash()).rejects.toMatchObject({ code: 'PROVISION_BOOT_PARTITION_MISSING' });
});
