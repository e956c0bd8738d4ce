import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAgentConfig, startAgent } from '@fieldline/edge';
import { startGateway, type RunningGateway } from '@fieldline/gateway';
import { DeviceClaim, DeviceSummary, LedgerAnswer } from '@fieldline/protocol';
import { createThermometer, systemClock, VirtualSensor } from '@fieldline/simulators';
import { pino } from 'pino';
import type { TSchema, Static } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { runFieldline } from '../services/run-fieldline.ts';
import { requireProgram } from '../services/skips.ts';
import {
  canMakeDevices,
  devicePassword,
  SshDevice,
  type SshDeviceOptions,
} from '../services/ssh-device/ssh-device.ts';
import { eventually } from '../services/wait.ts';

const openssh = 'apt-get install openssh-server openssh-client';
const programs = [
  requireProgram('sshd', ['sshd', '/usr/sbin/sshd'], openssh),
  requireProgram('ssh', ['ssh'], openssh),
  requireProgram('sudo', ['sudo'], 'apt-get install sudo'),
  requireProgram('unshare', ['unshare'], 'apt-get install util-linux'),
  requireProgram('dpkg-deb', ['dpkg-deb'], 'apt-get install dpkg'),
];
const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const name = 'greenhouse-1';

/** A namespace with mounts of its own is root's. */
const canRun = programs.every(({ missing }) => !missing) && canMakeDevices();

let packages: string;
let device: SshDevice;
let gateway: RunningGateway;
let sensor: VirtualSensor | undefined;

beforeAll(async () => {
  packages = mkdtempSync(join(tmpdir(), 'fieldline-ssh-packages-'));
  if (!canRun) return;
  const made = await runFieldline(['flash', 'bundle', '--arch', arch, '--output', packages]);
  expect(made.exitCode, made.stderr).toBe(0);
});
afterAll(() => rmSync(packages, { recursive: true }));

beforeEach(() => {
  sensor = undefined;
});
afterEach(async () => {
  if (!canRun) return;
  await sensor?.close();
  await gateway.stop();
  await device.end();
});

async function begin(options: SshDeviceOptions = {}): Promise<void> {
  device = new SshDevice(options);
  await device.start();
  const ports = { http: { port: 0 }, mqtt: { port: 0 }, https: { port: 0 }, mqtts: { port: 0 } };
  const home = join(device.folder, 'home');
  gateway = await startGateway({ home, ...ports, logLevel: 'silent' }, { environment: {} });
}

/** A configuration with a thermometer, whose port the device sees at the same path. */
function sensorConfig(more: object = {}): string {
  const link = join(device.folder, 'air');
  if (sensor === undefined) {
    const thermometer = createThermometer({ ratePerSec: 10 });
    sensor = new VirtualSensor({ sensor: thermometer, clock: systemClock, link, whileAway: 'lose' });
    sensor.start();
  }
  return writeConfig({ flush: '1s', sensors: [{ id: 'air', driver: 'thermometer', port: link }], ...more });
}

function writeConfig(keys: object): string {
  const path = join(device.folder, 'agent.yaml');
  writeFileSync(path, stringify({ gateway: { claimUrl: gateway.httpsUrl }, ...keys }));
  return path;
}

/** Runs `flash ssh` at the device, signed in by key unless told otherwise; answers its report or code of error. */
async function flash(words: readonly string[], signIn: readonly string[] = ['--ssh-key', device.key]) {
  const { httpUrl, home } = gateway;
  const api = ['--api', httpUrl, '--home', home, '--known-hosts', device.knownHosts, '--json'];
  const all = ['flash', 'ssh', ...device.address, ...signIn, ...api, ...words];
  const { exitCode, stdout, stderr } = await runFieldline(all, { SSH_AUTH_SOCK: undefined });
  // The last one: what the agent says before it may hold codes of its own.
  const code = [...stderr.matchAll(/\[(\w+)\]/g)].at(-1)?.[1];
  return { exitCode, code, stderr, report: stdout === '' ? undefined : (JSON.parse(stdout) as object) };
}

const toGateway = (packageFolder = packages): string[] => [
  ...['--name', name, '--gateway', gateway.mqttsUrl ?? '', '--packages', packageFolder],
];

async function ask<Schema extends TSchema>(
  schema: Schema,
  path: string,
  body?: object,
): Promise<Static<Schema>> {
  const token = readFileSync(join(gateway.home, 'admin.token'), 'utf8').trim();
  const response = await fetch(`${gateway.httpUrl}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (Value.Check(schema, answer)) return answer;
  throw new TypeError(JSON.stringify(answer));
}

const account = async () => (await ask(LedgerAnswer, `/api/v1/ledger?device=${name}`)).total;
const statusOf = (one: string): Promise<string> =>
  device.ask(`dpkg-query -W -f='\${Version} \${db:Status-Status}' fieldline-${one} 2>/dev/null || true`);
const agentPid = (): Promise<string> =>
  device.ask('systemctl is-active fieldline-agent.service && cat /run/agent.pid');
const leftovers = (): Promise<string> =>
  device.ask('ls -d /root/.fieldline-* /home/*/.fieldline-* 2>/dev/null || true');

/** The packages again, with an agent of version 0.2.0 whose launcher has been replaced. */
function otherAgent(launcher: string): string {
  const folder = mkdtempSync(join(device.folder, 'other-'));
  const tree = join(folder, 'tree');
  const file = readdirSync(packages).find(
    (each) => each.startsWith('fieldline-agent_') && each.endsWith('.deb'),
  );
  execFileSync('dpkg-deb', ['-R', join(packages, file ?? ''), tree]);
  const control = join(tree, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, 'Version: 0.2.0'));
  writeFileSync(join(tree, 'usr/lib/fieldline/lib/launcher.cjs'), launcher);
  execFileSync(
    'dpkg-deb',
    ['--root-owner-group', '-b', tree, join(folder, `fieldline-agent_0.2.0_${arch}.deb`)],
    {
      stdio: 'ignore',
    },
  );
  return folder;
}

describe.skipIf(!canRun)('fieldline flash ssh', () => {
  test('lets in by a fingerprint and a password, installs until readings arrive, and changes nothing again', async () => {
    await begin();
    const config = sensorConfig();
    const byPassword = ['--ssh-password', devicePassword];
    expect(await flash(toGateway(), byPassword)).toMatchObject({ exitCode: 1, code: 'SSH_HOST_UNKNOWN' });
    const other = [...toGateway(), '--accept-host-key', `SHA256:${'x'.repeat(43)}`];
    const refused = await flash(other, byPassword);
    expect(refused).toMatchObject({ exitCode: 1, code: 'SSH_HOST_UNKNOWN' });
    expect(refused.stderr).toContain(device.fingerprint);
    const accept = ['--accept-host-key', device.fingerprint];
    expect(await flash([...toGateway(), ...accept], ['--ssh-password', 'nasse-erde'])).toMatchObject({
      exitCode: 1,
      code: 'SSH_DENIED',
    });

    const words = [...toGateway(), '--config', config];
    const first = await flash([...words, ...accept], byPassword);
    expect(first, first.stderr).toMatchObject({
      exitCode: 0,
      report: { device: name, arch, changed: true, configWritten: true, delivered: true },
    });
    expect(await statusOf('agent')).toMatch(/ installed$/);
    expect(await leftovers()).toBe('');
    expect((await account()).taken).toBeGreaterThan(0);

    // The host is known by now, and nothing needs to be said that the device says itself.
    const before = await agentPid();
    const unchanged = {
      exitCode: 0,
      report: { changed: false, packages: [], configWritten: false, delivered: true },
    };
    expect(await flash(words)).toMatchObject(unchanged);
    expect(await flash(['--packages', packages])).toMatchObject(unchanged);
    expect(await agentPid()).toBe(before);
    expect(await flash(['--name', 'greenhouse-2', '--packages', packages])).toMatchObject({
      exitCode: 1,
      code: 'SSH_DEVICE_OTHER',
    });
  });

  test('takes back what does not install or does not deliver, and the version before goes on', async () => {
    await begin();
    device.makeKnown();
    const words = [...toGateway(), '--config', sensorConfig()];
    expect(await flash(words)).toMatchObject({ exitCode: 0 });
    const present = async () => ({
      agent: await statusOf('agent'),
      files: await device.ask('md5sum /usr/lib/fieldline/lib/* /etc/fieldline/* /var/cache/fieldline/*'),
      enabled: await device.ask('systemctl is-enabled fieldline-agent.service && echo yes'),
    });
    const before = await present();
    const mute = otherAgent("process.stderr.write('nothing to say\\n');\nsetInterval(() => {}, 1e6);\n");
    const change = sensorConfig({ tags: { house: 'new' } });
    const outcome = await flash([...toGateway(mute), '--config', change, '--wait', '3s']);
    expect(outcome).toMatchObject({ exitCode: 1, code: 'SSH_NOT_DELIVERING', report: undefined });
    expect(outcome.stderr).toContain('nothing to say');
    expect(await present()).toEqual(before);
    expect(await leftovers()).toBe('');

    const broken = join(device.folder, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, `fieldline-agent_0.3.0_${arch}.deb`), 'no package');
    expect(await flash(toGateway(broken))).toMatchObject({ exitCode: 1, code: 'SSH_INSTALL_FAILED' });
    expect(await present()).toEqual(before);

    const { taken } = await account();
    await eventually('readings of the version before', async () =>
      (await account()).taken > taken ? true : undefined,
    );
    // What was taken back does not stand in the way of what is right.
    expect(await flash([...toGateway(), '--config', change])).toMatchObject({
      exitCode: 0,
      report: { changed: true, packages: [], configWritten: true, delivered: true },
    });
  });

  test('refuses a changed key, a device without room, of another kind, or without the port, and touches nothing', async () => {
    await begin({ homeMebi: 8 });
    device.makeKnown(true);
    expect(await flash(toGateway())).toMatchObject({ exitCode: 1, code: 'SSH_HOST_CHANGED' });
    device.makeKnown();
    expect(await flash(toGateway())).toMatchObject({ exitCode: 1, code: 'SSH_NO_SPACE' });
    const foreign = join(device.folder, 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'fieldline-agent_0.1.0_armhf.deb'), 'for another processor');
    expect(await flash(toGateway(foreign))).toMatchObject({ exitCode: 1, code: 'SSH_DEVICE_UNSUITABLE' });
    const config = writeConfig({ sensors: [{ id: 'air', driver: 'thermometer', port: '/dev/ttyNOWHERE' }] });
    const absent = await flash([...toGateway(), '--config', config]);
    expect(absent).toMatchObject({ exitCode: 1, code: 'SSH_PORT_MISSING' });
    expect(absent.stderr).toContain('/dev/ttyNOWHERE');
    expect(await statusOf('agent')).toBe('');
    expect(await leftovers()).toBe('');
    // None of these asked the gateway for a credential.
    expect((await ask(LedgerAnswer, '/api/v1/ledger')).devices).toEqual([]);
    await expect(ask(DeviceSummary, `/api/v1/devices/${name}`)).rejects.toThrow('API_DEVICE_UNKNOWN');
  });

  test('leaves a device without an agent where a claim is used twice, and installs with a password then', async () => {
    await begin();
    device.makeKnown();
    const { claim } = await ask(DeviceClaim, '/api/v1/devices', { name, claim: true });
    const first = join(device.folder, 'first.yaml');
    const about = { url: gateway.mqttsUrl, claim, claimUrl: gateway.httpsUrl };
    writeFileSync(first, stringify({ device: name, gateway: about, dataDir: './first', sensors: [] }));
    const agent = await startAgent(await loadAgentConfig(first, {}), { logger: pino({ level: 'silent' }) });
    await eventually('the first device', async () =>
      (await ask(DeviceSummary, `/api/v1/devices/${name}`)).online ? true : undefined,
    );
    await agent.stop();

    const config = writeConfig({ gateway: { claim, claimUrl: gateway.httpsUrl }, sensors: [] });
    const second = await flash([...toGateway(), '--config', config, '--wait', '5s']);
    expect(second).toMatchObject({ exitCode: 1, code: 'SSH_NOT_DELIVERING' });
    expect(second.stderr).toContain('CLAIM_REFUSED');
    expect(await device.ask('ls -d /etc/fieldline /usr/lib/fieldline 2>/dev/null || true')).toBe('');
    expect(await statusOf('agent')).not.toMatch(/ installed$/);

    const plain = ['--name', 'greenhouse-2', '--gateway', gateway.mqttUrl, '--packages', packages];
    const third = await flash([...plain, '--no-wait']);
    expect(third, third.stderr).toMatchObject({ exitCode: 0, report: { changed: true, delivered: false } });
    expect(await device.ask('stat -c %a /etc/fieldline/password')).toBe('600');
    // A run that stopped in the middle is gone on with.
    await device.ask('systemctl stop fieldline-agent.service');
    expect(await flash(plain)).toMatchObject({
      exitCode: 0,
      report: { changed: true, packages: [], delivered: true },
    });
    expect(await flash(plain)).toMatchObject({ exitCode: 0, report: { changed: false } });
  });

  test('installs by a user who may sudo without a password, and takes back what does not deliver', async () => {
    await begin({ user: 'gardener', sudo: 'NOPASSWD:' });
    device.makeKnown();
    const words = [...toGateway(), '--config', sensorConfig()];
    const first = await flash(words);
    expect(first, first.stderr).toMatchObject({ exitCode: 0, report: { changed: true, delivered: true } });
    expect(await device.ask('stat -c %U:%a /etc/fieldline/agent.yaml')).toBe('root:644');
    expect(await flash(words)).toMatchObject({ exitCode: 0, report: { changed: false, delivered: true } });
    const present = () =>
      device.ask('md5sum /usr/lib/fieldline/lib/* /etc/fieldline/* /var/cache/fieldline/*');
    const before = await present();
    const mute = otherAgent("process.stderr.write('nothing to say\\n');\nsetInterval(() => {}, 1e6);\n");
    const outcome = await flash([...toGateway(mute), '--wait', '3s']);
    expect(outcome).toMatchObject({ exitCode: 1, code: 'SSH_NOT_DELIVERING' });
    expect(outcome.stderr).toContain('nothing to say');
    expect(await present()).toBe(before);
    expect(await leftovers()).toBe('');
  });

  test.each(['PASSWD:', undefined] as const)(
    'refuses a user whom sudo asks or does not know (%s) before anything is touched, and says what to do',
    async (sudo) => {
      await begin({ user: 'gardener', ...(sudo !== undefined && { sudo }) });
      device.makeKnown();
      const outcome = await flash([...toGateway(), '--config', sensorConfig()]);
      expect(outcome).toMatchObject({ exitCode: 1, code: 'SSH_DEVICE_UNSUITABLE' });
      expect(outcome.stderr).toContain('"gardener ALL=(ALL) NOPASSWD: ALL"');
      expect(await statusOf('agent')).toBe('');
      expect(await leftovers()).toBe('');
      expect(await device.ask('ls -d /etc/fieldline 2>/dev/null || true')).toBe('');
      await expect(ask(DeviceSummary, `/api/v1/devices/${name}`)).rejects.toThrow('API_DEVICE_UNKNOWN');
    },
  );
});
