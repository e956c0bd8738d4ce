import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ledgerDifferences } from '../../edge/src/ledger/ledger.ts';
import { systemError, watchedFiles } from '../../journal/src/testing/watched-files.ts';
import { OutboxRig, windowSec } from '../services/outbox-rig.ts';

const air = 'air/temperature';
const soil = 'soil/temperature';

/** The readings of `air` that arrived, in order; each once. */
function arrivedTimes({ received }: OutboxRig): number[] {
  const blocks = received.flatMap(({ sensors }) => sensors).filter(({ sensor }) => sensor === 'air');
  const times = blocks.flatMap((block) => (block.kind === 'readings' ? [...block.t] : []));
  expect(new Set(times).size).toBe(times.length);
  return times.sort((a, b) => a - b);
}

/** The bits of the readings that arrived of each window of `soil`, by its start; no half holds what another has. */
function arrivedWindows({ received }: OutboxRig): Map<number, number> {
  const windows = new Map<number, number>();
  const startsSeen = new Map<number, boolean[]>();
  for (const block of received.flatMap(({ sensors }) => sensors)) {
    if (block.kind !== 'windows') continue;
    block.start.forEach((startUs, row) => {
      const bits = block.fields['temperature']?.sum[row] ?? 0;
      const before = windows.get(startUs) ?? 0;
      expect(before & bits).toBe(0);
      windows.set(startUs, before | bits);
      startsSeen.set(startUs, [...(startsSeen.get(startUs) ?? []), block.partial?.[row] === 1]);
    });
  }
  for (const flags of startsSeen.values()) if (flags.length > 1) expect(flags).not.toContain(false);
  return windows;
}

/** What was taken, by the start of its window. */
function emittedWindows({ emitted }: OutboxRig): Map<number, number> {
  const windows = new Map<number, number>();
  for (const { atUs, value } of emitted) {
    const startUs = Math.floor(atUs / (windowSec * 1e6)) * windowSec * 1e6;
    windows.set(startUs, (windows.get(startUs) ?? 0) | value);
  }
  return windows;
}

function gapsOf({ received }: OutboxRig, sensor: string): [fromUs: number, toUs: number][] {
  return received
    .flatMap(({ sensors }) => sensors)
    .flatMap((block) =>
      block.kind === 'gaps' && block.sensor === sensor
        ? [...block.from].map((fromUs, row): [number, number] => [fromUs, block.to[row] ?? 0])
        : [],
    );
}

/** The gateway's account agrees with the device's, and nothing is said to be under way. */
function expectAccount(rig: OutboxRig): void {
  for (const { ledger } of rig.received) expect(ledgerDifferences(ledger)).toEqual([]);
  for (const [name, row] of rig.account.streams()) {
    expect(row, name).toMatchObject({ differences: 0, missing: 0, open: 0 });
    expect(row.taken).toBe(row.received + row.filtered + row.lost);
  }
}

/** Nothing was lost: every reading arrived, once, and the account says so. */
function expectAll(rig: OutboxRig): void {
  expect(arrivedTimes(rig)).toEqual(rig.emitted.map(({ atUs }) => atUs));
  expect(arrivedWindows(rig)).toEqual(emittedWindows(rig));
  expectAccount(rig);
  const streams = rig.account.streams();
  for (const name of rig.emitted.length > 0 ? [air, soil] : []) {
    expect(streams.get(name)).toMatchObject({ taken: rig.emitted.length, lost: 0 });
  }
}

/** A disk that is full, or broken and read-only, as its state says. */
function failingDisk() {
  const state: { fails: 'full' | 'broken' | undefined } = { fails: undefined };
  const breakIf = (code: string) => () => {
    if (state.fails === 'broken') throw systemError(code);
  };
  const watched = watchedFiles({
    write: () => (state.fails === 'full' ? 0 : undefined),
    datasync: breakIf('EIO'),
    create: breakIf('EROFS'),
    truncate: breakIf('EROFS'),
  });
  const unlink: typeof watched.unlink = async (path) => {
    breakIf('EROFS')();
    await watched.unlink(path);
  };
  return { state, files: { ...watched, unlink } };
}

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('pass'), n: fc.integer({ min: 1, max: 7 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('send'), n: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('full', 'broken'), n: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repaired'), n: fc.constant(0) }) },
);
const kill = fc.record({ kind: fc.constant('kill'), n: fc.constant(0) });

/** Runs steps, with a flush after each; then the disk is repaired, and all of it is sent. */
async function run(
  rig: OutboxRig,
  { state }: ReturnType<typeof failingDisk>,
  steps: { kind: string; n: number }[],
): Promise<void> {
  // Of a device that has never made a batch durable nobody knows anything.
  rig.passSecond();
  await rig.device.sealer.flush();
  for (const { kind, n } of steps) {
    if (kind === 'full' || kind === 'broken') state.fails = kind;
    // What opens the outbox again must be able to; that it cannot is a case of its own.
    if (kind === 'repaired' || kind === 'kill') state.fails = undefined;
    if (kind === 'kill') await rig.kill();
    for (let second = 0; kind === 'pass' && second < n; second++) rig.passSecond();
    if (kind === 'send') await rig.send(n, (index) => index % 3 !== 2);
    else await rig.device.sealer.flush();
  }
  state.fails = undefined;
  await rig.device.sealer.flush();
  await rig.finish();
}

describe('a disk that fails and comes back, at any time', () => {
  it('costs no reading: each arrives once, and the gateway’s account adds up over both epochs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const disk = failingDisk();
        const rig = await OutboxRig.start({ files: disk.files });
        await run(rig, disk, steps);
        expectAll(rig);
        expect(rig.device.memory.counters()).toMatchObject({ sizeBytes: 0, waitingBatches: 0 });
        await rig.end();
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('and kill -9 on top: nothing comes twice, and what is missing lies in a declared gap', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(step, kill), { maxLength: 40 }), async (steps) => {
        const disk = failingDisk();
        const rig = await OutboxRig.start({ files: disk.files });
        await run(rig, disk, steps);
        const arrived = new Set(arrivedTimes(rig));
        const windows = arrivedWindows(rig);
        expectAccount(rig);
        for (const { atUs, value } of rig.emitted) {
          const isIn = ([fromUs, toUs]: [number, number]): boolean => fromUs <= atUs && atUs <= toUs;
          if (!arrived.has(atUs)) expect(gapsOf(rig, 'air').some(isIn)).toBe(true);
          const startUs = Math.floor(atUs / (windowSec * 1e6)) * windowSec * 1e6;
          if (((windows.get(startUs) ?? 0) & value) === 0) expect(gapsOf(rig, 'soil').some(isIn)).toBe(true);
        }
        await rig.end();
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('memory has a limit: what it cannot hold is counted as lost and declared', async () => {
    const { state, files } = failingDisk();
    const rig = await OutboxRig.start({ files, memoryBytes: 2000 });
    rig.isOnline = false;
    state.fails = 'full';
    for (let second = 0; second < 60; second++) {
      rig.passSecond();
      await rig.device.sealer.flush();
    }
    const { sizeBytes } = rig.device.memory.counters();
    expect(sizeBytes).toBeGreaterThanOrEqual(2000);
    expect(sizeBytes).toBeLessThan(3000);
    // Now memory is full, and so are the pipelines.
    const many = Float64Array.from({ length: 200_100 }, (_, row) => rig.nowUs + 1 + row);
    rig.device.pipelines[0]?.emit(many, [many.map(() => 1)]);
    rig.nowUs += 1_000_000;
    await rig.device.sealer.flush();
    state.fails = undefined;
    await rig.finish();
    expectAccount(rig);
    const lost = rig.account.streams().get(air)?.lost ?? 0;
    expect(lost).toBeGreaterThan(0);
    expect(lost + arrivedTimes(rig).length).toBe(rig.emitted.length + many.length);
    const reasons = rig.received
      .flatMap(({ sensors }) => sensors)
      .flatMap((block) => (block.kind === 'gaps' ? [...block.reason] : []));
    expect(reasons).toContain('memory-full');
    await rig.end();
  }, 60_000);
});

/** Mounts a file system of 1 MiB in a folder of its own; undefined where that is not allowed: it takes root. */
function mountDisk(options: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'fieldline-outbox-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=1m,${options}`, 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

function unmount(folder: string): void {
  execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
}

/** Seconds pass, and what is sealed is sent at once. */
async function passAndSend(rig: OutboxRig, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    rig.passSecond();
    await rig.device.sealer.flush();
    await rig.send(Number.POSITIVE_INFINITY);
  }
}

describe('an outbox on a real disk (needs root for the mount)', () => {
  it('that fills up: an alarm, sending goes on, and with room again it is durable', async ({ skip }) => {
    const disk = mountDisk('rw');
    if (disk === undefined) return skip('mounting takes root');
    const rig = await OutboxRig.start({ directory: join(disk, 'outbox') });
    await passAndSend(rig, 5);
    expect(() => {
      for (let part = 0; ; part++) writeFileSync(join(disk, `filler-${part}`), Buffer.alloc(4096));
    }).toThrow('ENOSPC');
    // The last page of the log has room for a while.
    for (let second = 0; second < 300 && rig.alarms.length === 0; second++) await passAndSend(rig, 1);
    expect(rig.alarms).toEqual([true]);
    const before = arrivedTimes(rig).length;
    await passAndSend(rig, 25);
    expect(arrivedTimes(rig).length).toBe(before + 25);
    for (const name of readdirSync(disk).filter((each) => each.startsWith('filler')))
      rmSync(join(disk, name));
    await passAndSend(rig, 5);
    expect(rig.alarms).toEqual([true, false]);
    await rig.finish();
    expectAll(rig);
    await rig.end();
    unmount(disk);
  }, 120_000);

  it('that is read-only from the start, as a failing card is: it runs from memory', async ({ skip }) => {
    const disk = mountDisk('ro');
    if (disk === undefined) return skip('mounting takes root');
    const rig = await OutboxRig.start({ directory: join(disk, 'outbox') });
    await passAndSend(rig, 25);
    expect(rig.alarms).toEqual([true]);
    await rig.finish();
    expectAll(rig);
    await rig.end();
    unmount(disk);
  }, 120_000);
});
