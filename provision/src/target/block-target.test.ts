import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BlockTarget, targetLimits } from './block-target.ts';
import { blocksOf } from './blocks-of.ts';

const { blockBytes } = targetLimits;
const headBytes = 2 * blockBytes;
const sizeBytes = 5 * blockBytes + 700;

let folder: string;
let target: BlockTarget;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-target-'));
  target = await BlockTarget.createFile(join(folder, 'card.img'));
});
afterEach(async () => {
  await target.close();
  await rm(folder, { recursive: true });
});

/** An image whose bytes are all known; block 3 is empty. */
function image(): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at + 4 <= sizeBytes; at += 4)
    bytes.writeUInt32LE(Math.imul(at + 1, 2_654_435_761) >>> 0, at);
  return bytes.fill(0, 3 * blockBytes, 4 * blockBytes);
}

async function* chunks(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 900_001) yield bytes.subarray(at, at + 900_001);
}

/** Writes the image in both parts; `between` may change the first one. */
async function write(between: () => void | Promise<void>): Promise<void> {
  const blocks = blocksOf(chunks(image()), target.pool);
  await target.write(blocks, headBytes, () => undefined);
  expect(target.sizeBytes).toBe(headBytes);
  await between();
  await target.seal();
  await target.write(blocks, Infinity, () => undefined);
  await target.sync();
}

/** Turns one bit of the file, as a bad card does. */
async function damage(position: number): Promise<void> {
  const file = await open(target.path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  buffer.writeUInt8(buffer.readUInt8(0) ^ 4);
  await file.write(buffer, 0, 1, position);
  await file.close();
}

test('the image with its changes is there, and the checksum is that of the file', async () => {
  const expected = image();
  expected.write('changed', blockBytes - 3);
  await write(() => target.patch(Buffer.from('changed'), blockBytes - 3));
  const seen: number[] = [];
  const sha256 = await target.verify((bytes) => seen.push(bytes));
  const written = await readFile(target.path);
  expect(written.equals(expected)).toBe(true);
  expect(sha256).toBe(createHash('sha256').update(expected).digest('hex'));
  expect(seen.at(-1)).toBe(sizeBytes);
});

test.each([
  ['in the first part', 17],
  ['in an empty block', 3 * blockBytes + 5],
  ['in the last byte', sizeBytes - 1],
])('one bit that turns %s is found when it is read back', async (_, position) => {
  await write(() => undefined);
  await damage(position);
  const from = Math.floor(position / blockBytes) * blockBytes;
  await expect(target.verify(() => undefined)).rejects.toMatchObject({
    code: 'PROVISION_VERIFY_FAILED',
    detail: `The first difference lies between byte ${from} and ${from + blockBytes}.`,
  });
});

test('a bit that turned before its block is changed does not become part of what is expected', async () => {
  const work = write(async () => {
    await damage(blockBytes + 99);
    target.patch(Buffer.from('changed'), blockBytes + 5000);
  });
  await expect(work).rejects.toMatchObject({ code: 'PROVISION_VERIFY_FAILED' });
});

test('a file that lost its end is no image that was read back', async () => {
  await write(() => undefined);
  const file = await open(target.path, 'r+');
  await file.truncate(sizeBytes - blockBytes);
  await file.close();
  await expect(target.verify(() => undefined)).rejects.toMatchObject({ code: 'PROVISION_VERIFY_FAILED' });
});
