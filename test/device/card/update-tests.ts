import { expect, test } from 'vitest';
import { say, type CardRig } from './card-rig.ts';
import { CardUpdates, updatesFolder } from './card-updates.ts';

/** A boot, a download and a start under emulation. */
const updateMs = 900_000;
/** A network on which the bundle is under way for seconds. */
const slowIntervalMs = 700;

/** The tests of updates over the air, on the device of `rigOf()`, which runs. */
export function updateTests(rigOf: () => CardRig): void {
  test(
    'takes a new version over the air, and keeps it once it has delivered',
    async () => {
      const rig = rigOf();
      await rig.machine.shell.ready();
      const updates = new CardUpdates(rig);
      await updates.running('0.1.0');
      await updates.publish('0.2.0');
      const startedMs = performance.now();
      await updates.offer('0.2.0');
      await updates.until('committed');
      say(`update over the air, from the offer to the commit: ${secondsSince(startedMs)} s`);
      await runsWhole(rig, updates, '0.2.0');
      await addsUp(rig);
    },
    updateMs,
  );

  test(
    'has a whole version after a power cut while the bundle is fetched, and in the end the new one',
    async () => {
      const rig = rigOf();
      await rig.machine.shell.ready();
      const updates = new CardUpdates(rig);
      await updates.publish('0.3.0');
      const { sizeBytes } = await updates.bundleOf('0.3.0');
      await rig.machine.slowDown(slowIntervalMs);
      await updates.offer('0.3.0');
      const part = await updates.inDevice('[ -s downloads/*.part ]', 'stat -c %s downloads/*.part');
      expect(Number(part)).toBeGreaterThan(0);
      expect(Number(part)).toBeLessThan(sizeBytes);
      await rig.machine.powerCut();
      expect((await updates.progress())?.state).not.toBe('committed');
      const startedMs = performance.now();
      await rig.powerOn();
      await updates.until('committed');
      say(`power-on after the cut to the commit: ${secondsSince(startedMs)} s`);
      await rig.machine.shell.ready();
      await runsWhole(rig, updates, '0.3.0');
      await addsUp(rig);
    },
    updateMs,
  );
}

/** The device says that it runs `version`, nothing is on trial, and the program on its card is the published one. */
async function runsWhole(rig: CardRig, updates: CardUpdates, version: string): Promise<void> {
  await updates.running(version);
  const state = JSON.parse(await updates.inDevice('[ -s state.json ]', 'cat state.json')) as {
    readonly running: { readonly version: string; readonly folder: string };
    readonly trial?: unknown;
  };
  expect(state).toMatchObject({ running: { version } });
  expect(state.trial).toBeUndefined();
  const program = `${updatesFolder}/versions/${state.running.folder}/lib/agent.cjs`;
  const { text } = await rig.machine.shell.run(`sha256sum <${program}`);
  expect(text.split(' ')[0]).toBe(await updates.programOf(version));
}

/** Readings go on, and none is missing without an entry in the account. */
async function addsUp(rig: CardRig): Promise<void> {
  const before = await rig.account();
  await rig.until('10 more readings', ({ stored }) => stored >= before.stored + 10);
  const settled = await rig.until('nothing under way', ({ underWay }) => underWay === 0);
  expect(settled).toMatchObject({ refused: 0, unaccounted: 0 });
  expect(settled.taken).toBe(settled.stored + settled.filtered + settled.lost);
}

function secondsSince(startedMs: number): string {
  return ((performance.now() - startedMs) / 1000).toFixed(1);
}
