import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createThermometer } from '@fieldline/simulators';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RemoteRig } from '../services/remote-rig.ts';
import { runFieldline } from '../services/run-fieldline.ts';
import { requireFile, requireProgram } from '../services/skips.ts';
import { unitEnvironment } from '../services/unit-environment.ts';

const emulators = 'apt-get install qemu-user-static';
const dpkg = requireProgram('dpkg-deb', ['dpkg-deb'], 'apt-get install dpkg');
const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const sysroots = process.env['FIELDLINE_SYSROOT_DIR'] ?? join(cache, 'fieldline', 'sysroot');

/** The kinds of device, each with the emulator of its processor and the libraries of its system. */
const kinds = [
  { arch: 'arm64', emulator: 'qemu-aarch64-static' },
  { arch: 'armhf', emulator: 'qemu-arm-static' },
].map(({ arch, emulator }) => {
  const root = join(sysroots, arch);
  return {
    arch,
    emulator: requireProgram(emulator, [emulator], emulators),
    sysroot: requireFile(
      `${arch} libraries`,
      existsSync(join(root, 'complete')) ? root : undefined,
      `sh test/device/fetch-sysroot.sh ${arch}`,
    ),
  };
});

/** Every instruction is translated first: a start that takes a second on a device takes ten here, more where the machine is busy. */
const startsWithinMs = 180_000;

let folder: string;
let rig: RemoteRig;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-bundle-'));
  rig = new RemoteRig();
});
afterEach(async () => {
  await rig.end();
  rmSync(folder, { recursive: true });
});

describe.each(kinds)('the packages for $arch', ({ arch, emulator, sysroot }) => {
  const isMissing = emulator.missing || sysroot.missing || dpkg.missing;
  test.skipIf(isMissing)('hold an agent that reads a port and delivers, on its own processor', async () => {
    const packages = join(folder, 'packages');
    const made = await runFieldline(['flash', 'bundle', '--arch', arch, '--output', packages, '--json']);
    expect(made.exitCode, made.stderr).toBe(0);
    for (const name of readdirSync(packages).filter((each) => each.endsWith('.deb')))
      execFileSync(dpkg.path, ['--extract', join(packages, name), join(folder, 'root')]);

    await rig.startGateway();
    const sensor = rig.addSensor('air', createThermometer({ ratePerSec: 10 }));
    const config = rig.writeAgentFile({
      sensors: [{ id: 'air', driver: 'thermometer', port: rig.port('air') }],
    });
    const home = join(folder, 'root/usr/lib/fieldline');
    const { variables, flags } = unitEnvironment();
    const words = ['-L', sysroot.path, join(home, 'bin/node'), ...flags];
    const agent = spawn(emulator.path, [...words, join(home, 'lib/agent.cjs'), '--config', config], {
      env: { ...process.env, ...variables, NODE_OPTIONS: '' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ended = once(agent, 'exit');
    try {
      sensor.start();
      const { total } = await rig.read(10, startsWithinMs);
      expect(total).toMatchObject({ lost: 0, unaccounted: 0 });
    } finally {
      agent.kill('SIGTERM');
      await ended;
    }
    expect(agent.exitCode).toBe(0);
  });
});
