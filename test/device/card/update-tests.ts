import { expect, test } from 'vitest';
import { say, type CardRig } from './card-rig.ts';
import { CardUpdates, updatesFolder } from './card-updates.ts';

/** A boot, a download and a start under emulation. */
const updateMs = 900_000;
/** A network on which the bundle is under way for seconds. */
const slowIntervalMs = 700;

/** Where the power is cut: what brings the device there, and what shows that it is there. */
interface Cut {
  readonly at: string;
  readonly version: string;
  /** Makes the device stay there long enough to be caught. */
  prepare(rig: CardRig): Promise<void>;
  /** Waits until the device is there. */
  caught(updates: CardUpdates, version: string): Promise<void>;
}

const cuts: readonly Cut[] = [
  {
    at: 'while the bundle is fetched',
    version: '0.3.0',
    prepare: (rig) => rig.machine.slowDown(slowIntervalMs),
    caught: async (updates, version) => {
      const { sizeBytes } = await updates.bundleOf(version);
      const part = await updates.inDevice('[ -s downloads/*.part ]', 'stat -c %s downloads/*.part');
      expect(Number(part)).toBeGreaterThan(0);
      expect(Number(part)).toBeLessThan(sizeBytes);
    },
  },
  {
    at: 'between unpacking and the switch',
    version: '0.4.0',
    prepare: holdTheSwitch,
    caught: async (updates, version) => {
      const shown = await updates.inDevice(
        `[ -s versions/${version}-*[0-9a-f]/lib/agent.cjs ]`,
        'cat state.json',
      );
      expect(shown).not.toContain(version);
    },
  },
  {
    at: 'between the switch and the commit',
    version: '0.5.0',
    // Nothing holds it there: until the new version has delivered takes it seconds.
    prepare: () => Promise.resolve(),
    caught: async (updates, version) => {
      const shown = await updates.inDevice(`grep -qs '"starts":1' state.json`, 'cat state.json');
      expect(JSON.parse(shown)).toMatchObject({ trial: { version, starts: 1 } });
    },
  },
];
/** The version that runs after the last cut. */
const newest = cuts.at(-1)?.version ?? '';

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

  test.each(cuts)(
    'has a whole version after a power cut $at, and in the end the new one',
    async ({ at, version, prepare, caught }) => {
      const rig = rigOf();
      await rig.machine.shell.ready();
      const updates = new CardUpdates(rig);
      await updates.publish(version);
      await prepare(rig);
      await updates.offer(version);
      await caught(updates, version);
      await rig.machine.powerCut();
      expect((await updates.progress())?.state).not.toBe('committed');
      const startedMs = performance.now();
      await rig.powerOn();
      await updates.until('committed');
      say(`power cut ${at}: committed ${secondsSince(startedMs)} s after power-on`);
      await rig.machine.shell.ready();
      await runsWhole(rig, updates, version);
      await addsUp(rig);
    },
    updateMs,
  );

  test(
    'goes back by itself from a version that does not run',
    async () => {
      const rig = rigOf();
      await rig.machine.shell.ready();
      const updates = new CardUpdates(rig);
      await updates.publishProgram('0.6.0', 'process.exit(3);');
      const startedMs = performance.now();
      await updates.offer('0.6.0');
      expect(await updates.until('rolled-back')).toMatchObject({ code: 'UPDATE_NOT_STARTED' });
      say(`a version that does not run, from the offer to the one before: ${secondsSince(startedMs)} s`);
      await runsWhole(rig, updates, newest);
      await addsUp(rig);
    },
    updateMs,
  );
}

/**
 * Keeps the agent from writing down which version is on trial: a pipe that nobody reads lies over the file, in the
 * agent's view of the file system alone, which is gone with the power.
 */
async function holdTheSwitch(rig: CardRig): Promise<void> {
  const file = `${updatesFolder}/state.json.agent`;
  const agent = '$(systemctl show fieldline-agent --value -p MainPID)';
  const held = [
    'mkfifo -m 666 /run/held',
    // It is still there after the power cut, as the ordinary file that it is: the agent has to be able to write it.
    `touch ${file}`,
    `chown --reference=${updatesFolder} ${file}`,
    `nsenter -t ${agent} -m mount --bind /run/held ${file}`,
  ];
  expect(await rig.machine.shell.run(held.join(' && '))).toMatchObject({ exitCode: 0 });
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
