import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, truncateSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { SignedManifest, UpdateManifest, UpdateOrder, UpdateProgress } from '@fieldline/protocol';
import { pino } from 'pino';
import { pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemDisk, type DiskSteps } from '../bindings/disk-steps.ts';
import { systemTimers, type Timers } from '../bindings/timers.ts';
import { eventually } from '../testing/eventually.ts';
import { gatewayCertificate } from '../testing/gateway-certificate.ts';
import { chooseProgram, endTrial } from './choose-program.ts';
import { readState, trialStartsMax } from './update-state.ts';
import { spareBytes, Updater } from './updater.ts';

const keys = generateKeyPairSync('ed25519');
const publicKey = keys.publicKey.export({ format: 'jwk' }).x ?? '';
const quiet = pino({ level: 'silent' });

let folder: string;
let packaged: { version: string; program: string };
let server: Server;
let port: number;
let pin: string;
/** What the server gives, by its digest; and after how many bytes of each answer it hangs up. */
const served = new Map<string, Buffer>();
let hangUpAfterBytes = Number.POSITIVE_INFINITY;
let ranges: string[];

beforeAll(async () => {
  const shown = await gatewayCertificate();
  ({ pin } = shown);
  server = createServer({ key: shown.key, cert: shown.cert }, (request, response) => {
    const content = served.get(/bundles\/([0-9a-f]+)/.exec(request.url ?? '')?.[1] ?? '');
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]);
    ranges.push(String(request.headers.range));
    if (!content || from >= content.length) {
      response.writeHead(content ? 416 : 404).end();
      return;
    }
    const range = `bytes ${from}-${content.length - 1}/${content.length}`;
    response.writeHead(206, { 'content-range': range, 'content-length': content.length - from });
    const part = content.subarray(from, from + hangUpAfterBytes);
    if (from + part.length === content.length) response.end(part);
    else response.write(part, () => response.socket?.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address ? address.port : 0;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-update-'));
  packaged = { version: '1.0.0', program: join(folder, 'packaged.cjs') };
  await writeFile(packaged.program, 'packaged');
  served.clear();
  hangUpAfterBytes = Number.POSITIVE_INFINITY;
  ranges = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const directory = (): string => join(folder, 'updates');

async function bundleOf(
  version: string,
  about: Partial<UpdateManifest> = {},
  files: Record<string, string> = {},
): Promise<SignedManifest> {
  const archive = pack();
  const all = {
    'lib/agent.cjs': `program ${version} ${'x'.repeat(3000)}`,
    'prebuilds/linux/a.node': 'addon',
    ...files,
  };
  for (const [name, content] of Object.entries(all)) archive.entry({ name: `./${name}` }, content);
  archive.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of archive as AsyncIterable<Uint8Array>) parts.push(part);
  // Stored, so that the bundle is as long as its files and comes in several parts.
  const content = gzipSync(Buffer.concat(parts), { level: 0 });
  const sha256 = createHash('sha256').update(content).digest('hex');
  served.set(sha256, content);
  const manifest: UpdateManifest = {
    format: 1,
    name: 'fieldline-agent',
    version,
    arch: 'amd64',
    sizeBytes: content.length,
    unpackedBytes: Object.values(all).join('').length,
    sha256,
    ...about,
  };
  return signed(manifest);
}

function signed(manifest: UpdateManifest, key = keys.privateKey): SignedManifest {
  const text = JSON.stringify(manifest);
  return { manifest: text, signature: sign(null, Buffer.from(text), key).toString('base64url') };
}

function orderOf(bundle: SignedManifest, offer = 'offer-1'): UpdateOrder {
  return { offer, bundles: [bundle], port, ticket: 't', pin };
}

interface Device {
  readonly updater: Updater;
  readonly reports: UpdateProgress[];
  restarts: number;
}

/** Nothing is waited for between attempts. */
const hasty: Timers = { ...systemTimers, after: (_delayMs, run) => systemTimers.after(0, run) };

/** The agent as the launcher starts it now. */
function boot(disk: DiskSteps = systemDisk): Device & { readonly program: string } {
  const chosen = chooseProgram(directory(), packaged);
  const runningVersion =
    chosen.program === packaged.program ? '1.0.0' : (/versions\/([\d.]+)-/.exec(chosen.program)?.[1] ?? '');
  const isTrial = chosen.trial !== undefined;
  const reports: UpdateProgress[] = [];
  const device: Device = {
    reports,
    restarts: 0,
    updater: new Updater({
      launched: { directory: directory(), packagedVersion: packaged.version, isTrial },
      keys: [publicKey],
      confirmWithinMs: 60_000,
      arch: 'amd64',
      runningVersion,
      gatewayUrl: (at) => `https://127.0.0.1:${at}`,
      untilBoundaryMs: () => 0,
      restart: () => (device.restarts += 1),
      report: () => {
        const progress = device.updater.progress();
        if (progress) reports.push(progress);
      },
      disk,
      timers: hasty,
      logger: quiet,
    }),
  };
  return {
    ...device,
    program: chosen.program,
    get restarts() {
      return device.restarts;
    },
  };
}

const stateOf = ({ updater }: Device): string | undefined => updater.progress()?.state;

async function ended(device: Device, state: string): Promise<UpdateProgress> {
  await eventually(() => stateOf(device) === state);
  return device.updater.progress() ?? { offer: '', version: '', state: 'failed' };
}

class PowerCut extends Error {}

/** A disk that takes so many steps and no more; what was not made durable by then is gone. */
function mortalDisk(steps: number): DiskSteps & { readonly isDead: () => boolean } {
  let taken = 0;
  let isDead = false;
  const unsynced = new Set<string>();
  function step<Value>(work: () => Promise<Value>): Promise<Value> {
    if (taken >= steps) {
      for (const path of unsynced) if (existsSync(path)) truncateSync(path, 0);
      unsynced.clear();
      isDead = true;
      return Promise.reject(new PowerCut());
    }
    taken += 1;
    return work();
  }
  return {
    ...systemDisk,
    makeFolder: (path) => step(() => systemDisk.makeFolder(path)),
    write: (path, content) => step(() => (unsynced.add(path), systemDisk.write(path, content))),
    append: (path, content) => step(() => (unsynced.add(path), systemDisk.append(path, content))),
    sync: (path) => step(() => (unsynced.delete(path), systemDisk.sync(path))),
    rename: (from, to) =>
      step(async () => {
        await systemDisk.rename(from, to);
        if (unsynced.delete(from)) unsynced.add(to);
      }),
    remove: (path) => step(() => systemDisk.remove(path)),
    isDead: () => isDead,
  };
}

/** Runs what is chosen until it has delivered: what a device does after the power is back, with the order given again. */
async function goOn(order: UpdateOrder): Promise<string> {
  for (let starts = 0; starts < 5; starts++) {
    const device = boot();
    if (chooses('new', device.program)) {
      device.updater.delivered();
      await ended(device, 'committed');
      return device.program;
    }
    await device.updater.order(order);
    await eventually(
      () => device.restarts > 0 || stateOf(device) === 'committed' || stateOf(device) === 'rolled-back',
    );
    await device.updater.stop();
    if (stateOf(device) === 'rolled-back') return device.program;
  }
  throw new Error('it comes to no end');
}

function chooses(which: 'new' | 'old', program: string): boolean {
  return (which === 'old') === (program === packaged.program);
}

describe('an update', () => {
  test('is put beside the old one, tried, and committed by the first delivery', async () => {
    const device = boot();
    await device.updater.order(orderOf(await bundleOf('1.1.0')));
    await eventually(() => device.restarts > 0);
    expect(device.reports.map(({ state }) => state)).toEqual(['downloading', 'installing', 'trial']);
    const next = boot();
    expect(await readFile(next.program, 'utf8')).toMatch(/^program 1\.1\.0/);
    expect([next.updater.isOnTrial, stateOf(next)]).toEqual([true, 'trial']);
    next.updater.delivered();
    await ended(next, 'committed');
    expect(boot().program).toBe(next.program);
    expect(readState(directory()).trial).toBeUndefined();
    // The time of the trial passes in the process that was committed: nothing is taken back.
    expect(endTrial(directory(), 'offer-1')).toBe(false);
    // Another package is installed by hand: it wins.
    packaged = { ...packaged, version: '1.2.0' };
    expect(boot().program).toBe(packaged.program);
  });

  test('is not committed by what the version before it delivers, though that was on trial in the same process', async () => {
    const first = boot();
    await first.updater.order(orderOf(await bundleOf('1.1.0')));
    await eventually(() => first.restarts > 0);
    const tried = boot();
    tried.updater.delivered();
    await ended(tried, 'committed');
    await tried.updater.order(orderOf(await bundleOf('1.2.0'), 'offer-2'));
    await eventually(() => tried.restarts > 0);
    tried.updater.delivered();
    await tried.updater.stop();
    expect(tried.updater.counters.committed).toBe(1);
    expect(stateOf(tried)).toBe('trial');
    expect(readState(directory())).toMatchObject({
      running: { version: '1.1.0' },
      trial: { version: '1.2.0' },
    });
    // It does not run: the version before it does again.
    for (let n = 0; n < trialStartsMax; n++)
      expect(await readFile(boot().program, 'utf8')).toMatch(/^program 1\.2\.0/);
    expect(boot().program).toBe(tried.program);
    expect(stateOf(boot())).toBe('rolled-back');
  });

  test('that does not stay up, delivers nothing in time or is damaged is taken back', async () => {
    const order = orderOf(await bundleOf('1.1.0'));
    for (const way of ['crashes', 'deadline', 'damaged'] as const) {
      await rm(directory(), { recursive: true, force: true });
      const device = boot();
      await device.updater.order(order);
      await eventually(() => device.restarts > 0);
      if (way === 'crashes')
        for (let n = 0; n < trialStartsMax; n++) expect(chooses('new', boot().program)).toBe(true);
      if (way === 'deadline')
        expect([chooses('new', boot().program), endTrial(directory(), 'offer-1')]).toEqual([true, true]);
      if (way === 'damaged')
        await writeFile(
          join(directory(), 'versions', readState(directory()).trial?.folder ?? '', 'lib/agent.cjs'),
          'torn',
        );
      const back = boot();
      expect([way, back.program]).toEqual([way, packaged.program]);
      const code = way === 'deadline' ? 'UPDATE_NOT_CONFIRMED' : 'UPDATE_NOT_STARTED';
      expect(back.updater.progress()).toMatchObject({ state: 'rolled-back', code });
      // The same offer is not tried again.
      expect(await back.updater.order(order)).toMatchObject({ state: 'rolled-back' });
    }
  });

  test('is fetched from where it stopped, over broken connections and a restart', async () => {
    hangUpAfterBytes = 1500;
    const bundle = await bundleOf('1.1.0');
    const device = boot();
    await device.updater.order(orderOf(bundle));
    await eventually(() => device.restarts > 0);
    expect(ranges[0]).toBe('bytes=0-');
    expect(ranges.length).toBeGreaterThan(3);
    expect(new Set(ranges).size).toBe(ranges.length);
  });
});

describe('a power cut behind every step of the disk', () => {
  test('leaves the old version or the new one, whole, and the update comes to its end', async () => {
    const order = orderOf(await bundleOf('1.1.0'));
    let steps = 0;
    let isThrough = false;
    const seen = new Set<string>();
    for (; !isThrough; steps++) {
      await rm(directory(), { recursive: true, force: true });
      const disk = mortalDisk(steps);
      const device = boot(disk);
      await device.updater.order(order);
      await eventually(() => device.restarts > 0 || stateOf(device) === 'failed');
      isThrough = device.restarts > 0;
      await device.updater.stop();
      seen.add(device.reports.at(-2)?.state ?? 'none');
      const { program } = boot();
      const content = await readFile(program, 'utf8');
      expect([steps, content === 'packaged' || content.startsWith('program 1.1.0')]).toEqual([steps, true]);
      expect([steps, chooses('new', await goOn(order))]).toEqual([steps, true]);
    }
    expect(steps).toBeGreaterThan(20);
    expect([...seen]).toEqual(expect.arrayContaining(['downloading', 'installing']));
  });

  test('of the commit leaves it on trial or committed, never neither', async () => {
    const order = orderOf(await bundleOf('1.1.0'));
    for (let steps = 0, isThrough = false; !isThrough; steps++) {
      await rm(directory(), { recursive: true, force: true });
      const device = boot();
      await device.updater.order(order);
      await eventually(() => device.restarts > 0);
      const disk = mortalDisk(steps);
      const trial = boot(disk);
      trial.updater.delivered();
      await eventually(() => disk.isDead() || stateOf(trial) === 'committed');
      isThrough = !disk.isDead();
      const again = boot();
      expect([steps, chooses('new', again.program)]).toEqual([steps, true]);
      expect(steps).toBeLessThan(20);
    }
  });
});

describe('what is refused, with a code and a counter', () => {
  async function refusalOf(bundle: SignedManifest, disk: DiskSteps = systemDisk): Promise<[string, string]> {
    await rm(directory(), { recursive: true, force: true });
    const device = boot(disk);
    await device.updater.order(orderOf(bundle));
    await eventually(() => ['refused', 'failed'].includes(stateOf(device) ?? '')).catch((cause: unknown) => {
      throw new Error(`it is ${stateOf(device) ?? ''}`, { cause });
    });
    await device.updater.stop();
    const { state = '', code = '' } = device.updater.progress() ?? {};
    expect(device.updater.figures()).toMatchObject({ failures: { [code]: 1 } });
    expect([chooses('old', boot().program), device.restarts]).toEqual([true, 0]);
    return [state, code];
  }

  test('what nobody signed whom the device trusts', async () => {
    const bundle = await bundleOf('1.1.0');
    const tampered = { ...bundle, manifest: bundle.manifest.replace('1.1.0', '1.2.0') };
    expect(await refusalOf(tampered)).toEqual(['refused', 'UPDATE_SIGNATURE_INVALID']);
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const { manifest } = bundle;
    const foreign = {
      manifest,
      signature: sign(null, Buffer.from(manifest), stranger).toString('base64url'),
    };
    expect(await refusalOf(foreign)).toEqual(['refused', 'UPDATE_SIGNATURE_INVALID']);
    expect(ranges).toEqual([]);
  });

  test('another processor, and an older version unless its signer allows it', async () => {
    expect(await refusalOf(await bundleOf('1.1.0', { arch: 'arm64' }))).toEqual([
      'refused',
      'UPDATE_WRONG_ARCH',
    ]);
    expect(await refusalOf(await bundleOf('0.9.0'))).toEqual(['refused', 'UPDATE_OLDER']);
    expect(await refusalOf(await bundleOf('1.0.0-rc.1'))).toEqual(['refused', 'UPDATE_OLDER']);
    await rm(directory(), { recursive: true, force: true });
    const device = boot();
    await device.updater.order(orderOf(await bundleOf('0.9.0', { allowDowngrade: true })));
    await eventually(() => device.restarts > 0);
    expect(await readFile(boot().program, 'utf8')).toMatch(/^program 0\.9\.0/);
  });

  test('other bytes than the manifest says, a bundle cut short, and one with files that belong elsewhere', async () => {
    const damaged = await bundleOf('1.1.0');
    const { sha256 } = JSON.parse(damaged.manifest) as UpdateManifest;
    served.get(sha256)?.fill(0, 2000, 2010);
    expect(await refusalOf(damaged)).toEqual(['refused', 'UPDATE_DAMAGED']);
    const cut = await bundleOf('1.1.0');
    served.set(sha256, served.get(sha256)?.subarray(0, 1000) ?? Buffer.of());
    expect(await refusalOf(cut)).toEqual(['failed', 'UPDATE_DOWNLOAD_FAILED']);
    for (const path of ['../escape.cjs', 'etc/passwd', 'lib/../../x', 'lib/.hidden'])
      expect(await refusalOf(await bundleOf('1.1.0', {}, { [path]: 'x' }))).toEqual([
        'refused',
        'UPDATE_DAMAGED',
      ]);
    const bomb = await bundleOf('1.1.0', { unpackedBytes: 10 });
    expect(await refusalOf(bomb)).toEqual(['refused', 'UPDATE_DAMAGED']);
  });

  test('a disk without room, before and while it is written', async () => {
    const bundle = await bundleOf('1.1.0');
    const small = { ...systemDisk, freeBytes: () => Promise.resolve(spareBytes) };
    expect(await refusalOf(bundle, small)).toEqual(['failed', 'UPDATE_NO_SPACE']);
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    for (const step of ['append', 'write'] as const) {
      const disk = { ...systemDisk, [step]: () => Promise.reject(full) };
      expect(await refusalOf(bundle, disk)).toEqual(['failed', 'UPDATE_NO_SPACE']);
    }
    const broken = {
      ...systemDisk,
      rename: () => Promise.reject(Object.assign(new Error('io'), { code: 'EIO' })),
    };
    expect(await refusalOf(bundle, broken)).toEqual(['failed', 'UPDATE_WRITE_FAILED']);
  });

  test('a device without a key or a launcher takes none', async () => {
    const order = { offer: 'o', bundles: [signed({} as UpdateManifest)], port, ticket: 't', pin };
    const about = {
      confirmWithinMs: 1,
      arch: undefined,
      runningVersion: '1.0.0',
      gatewayUrl: String,
      untilBoundaryMs: () => 0,
      restart: () => undefined,
      report: () => undefined,
      disk: systemDisk,
      timers: hasty,
      logger: quiet,
    };
    const launched = { directory: directory(), packagedVersion: '1.0.0', isTrial: false };
    for (const each of [
      { launched, keys: [] },
      { launched: undefined, keys: [publicKey] },
    ]) {
      const updater = new Updater({ ...about, ...each });
      await updater.order(order);
      await updater.stop();
      expect(updater.progress()).toMatchObject({ state: 'refused', code: 'UPDATE_NOT_ENABLED' });
      await expect(updater.order({ offer: 'o' })).rejects.toThrow('UPLINK_MESSAGE_INVALID');
    }
  });
});
