import { chmodSync, lstatSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { batchOf, publishBatch, startRig } from '../gateway-rig.ts';

/** What others may do with a file: the permission bits that are neither the owner's nor none. */
const othersBits = 0o077;

/** Files below a folder that others can reach and read or write. A link (the journal's lock) says nothing by its own bits. */
function openToOthers(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const { mode } = lstatSync(path);
    if (entry.isSymbolicLink() || (mode & othersBits) === 0) return [];
    return entry.isDirectory() ? openToOthers(path) : [path];
  });
}

test('a home that others can enter, as a volume or a state directory, shows them nothing but what is public', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fieldline-home-'));
  chmodSync(home, 0o755);
  const before = process.umask(0o022);
  try {
    const rig = await startRig({ home });
    const client = await rig.connect('porch', await rig.addDevice('porch'));
    await publishBatch(client, batchOf('porch', 1));
    await expect.poll(async () => (await rig.ledger()).total).toMatchObject({ stored: 1 });
    expect(openToOthers(home)).toEqual([]);
    await client.endAsync();
    // What an earlier version has left behind is closed, too.
    chmodSync(join(home, 'gateway.db'), 0o644);
    chmodSync(join(home, 'journal'), 0o755);
    await rig.gateway.stop();
    const again = await startRig({ home });
    expect(openToOthers(home)).toEqual([]);
    await again.end();
  } finally {
    process.umask(before);
  }
});
