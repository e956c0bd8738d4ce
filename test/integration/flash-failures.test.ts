import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFatImage } from '../../provision/src/testing/fat-image.ts';
import { runFieldline } from '../services/run-fieldline.ts';
import { requireProgram } from '../services/skips.ts';

const unshare = requireProgram('unshare', ['unshare'], 'apt-get install util-linux');
const losetup = requireProgram('losetup', ['losetup', '/usr/sbin/losetup'], 'apt-get install mount');
const launcher = fileURLToPath(new URL('../../cli/bin/fieldline.js', import.meta.url));
const mebi = 1024 * 1024;

let folder: string;
let image: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-flash-fails-'));
  image = join(folder, 'os.img');
  const files = { 'cmdline.txt': 'root=PARTUUID=1-02\n', 'user-data': '#cloud-config\n' };
  await writeFatImage({ path: image, partitionBytes: 40 * mebi, restBytes: 30 * mebi, files });
  writeFileSync(join(folder, 'secret'), 'wie-geheim\n');
  mkdirSync(join(folder, 'packages'));
  writeFileSync(join(folder, 'packages', 'fieldline-agent_0.1.0_arm64.deb'), 'agent');
});
afterEach(() => rmSync(folder, { recursive: true }));

const device = () => [
  ...['--name', 'greenhouse-1', '--gateway', 'mqtts://gateway.example:8883', '--no-wait', '--json'],
  ...['--packages', join(folder, 'packages'), '--password-file', join(folder, 'secret')],
];

/** What the command says where `$room` is a file system of this size, mounted for `script` alone; its words are `$@`. */
async function inRoom(sizeMebi: number, script: string, words: readonly string[]): Promise<string> {
  const room = join(folder, 'room');
  mkdirSync(room);
  const whole = `room=$1; shift; mount -t tmpfs -o size=${sizeMebi}m room "$room"; ${script}`;
  const namespace = ['--mount', '--propagation', 'private', 'sh', '-c', whole, 'sh', room];
  const own = [process.execPath, launcher, ...words, ...device(), '--yes'];
  return new Promise((resolve) => {
    execFile(unshare.path, [...namespace, ...own], (_, stdout, stderr) => resolve(stdout + stderr));
  });
}

// A file system of a chosen size is root's to make.
describe.skipIf(unshare.missing || process.getuid?.() !== 0)('a medium that stops taking data', () => {
  test('is told where a file finds no room, and the file is gone', async () => {
    const said = await inRoom(20, '"$@" --output "$room/card.img"; ls -A "$room"; echo "exit $?"', [
      ...['flash', 'image', image],
    ]);
    expect(said).toMatch(
      /^exit 0\nfieldline: .*card\.img: .*ENOSPC.*incomplete and must not be used.*\[PROVISION_TARGET_FAILED\]\n$/,
    );
  });

  test.skipIf(losetup.missing)('is told where a card fails while it is written', async () => {
    const script = `truncate -s 200M "$room/disk"; disk=$(${losetup.path} --find --show "$room/disk")
      node=$1 fieldline=$2; shift 2
      "$node" "$fieldline" flash disk "$disk" --any-disk "$@"; echo "exit $?"
      ${losetup.path} --detach "$disk"`;
    const said = await inRoom(50, script, ['--image', image]);
    expect(said).toMatch(/^exit 1\n/);
    expect(said).toMatch(
      /\/dev\/loop\d+: .*EIO.*incomplete and must not be used.*\[PROVISION_TARGET_FAILED\]/,
    );
  });
});

test.each([
  ['cut short', (packed: Buffer) => packed.subarray(0, packed.length - 5000)],
  ['corrupt', (packed: Buffer) => packed.with(packed.length - 5000, (packed.at(-5000) ?? 0) ^ 64)],
])('a packed image that is %s is told as damaged, and no file stays behind', async (_, harm) => {
  const packed = `${image}.zst`;
  // With a checksum, as the tool of Zstandard makes them.
  writeFileSync(
    packed,
    harm(zstdCompressSync(readFileSync(image), { params: { [constants.ZSTD_c_checksumFlag]: 1 } })),
  );
  const card = join(folder, 'card.img');
  const outcome = await runFieldline(['flash', 'image', packed, ...device(), '--output', card]);
  expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
  expect(outcome.stderr).toContain('[PROVISION_IMAGE_DAMAGED]');
  expect(existsSync(card)).toBe(false);
});

test('a file that exists is not overwritten', async () => {
  const card = join(folder, 'card.img');
  writeFileSync(card, 'mine');
  const outcome = await runFieldline(['flash', 'image', image, ...device(), '--output', card]);
  expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
  expect(outcome.stderr).toContain('[PROVISION_TARGET_REFUSED]');
  expect(readFileSync(card, 'utf8')).toBe('mine');
});
