import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAgentConfig, startAgent, type Agent } from '@fieldline/edge';
import { startGateway, type RunningGateway } from '@fieldline/gateway';
import { connectAsync, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { bootOffsetBytes, writeFatImage } from '../../provision/src/testing/fat-image.ts';
import { runFieldline, type CommandOutcome } from '../services/run-fieldline.ts';
import { requireProgram } from '../services/skips.ts';
import { eventually } from '../services/wait.ts';

const mcopy = requireProgram('mcopy', ['mcopy'], 'apt-get install mtools');
const mebi = 1024 * 1024;
const name = 'greenhouse-1';

let folder: string;
let image: string;
let gateway: RunningGateway;
let agent: Agent | undefined;
let client: MqttClient | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-flash-known-'));
  image = join(folder, 'os.img');
  const files = { 'cmdline.txt': 'root=PARTUUID=1-02\n', 'user-data': '#cloud-config\n' };
  await writeFatImage({ path: image, partitionBytes: 40 * mebi, restBytes: mebi, files });
  mkdirSync(join(folder, 'packages'));
  writeFileSync(join(folder, 'packages', 'fieldline-agent_0.1.0_arm64.deb'), 'agent');
});
afterEach(async () => {
  await client?.endAsync(true);
  await agent?.stop();
  await gateway.stop();
  [client, agent] = [undefined, undefined];
  rmSync(folder, { recursive: true, maxRetries: 3 });
});

async function begin(claimAge = '1h'): Promise<void> {
  const ports = { http: { port: 0 }, mqtt: { port: 0 }, https: { port: 0 }, mqtts: { port: 0 } };
  const home = join(folder, 'home');
  gateway = await startGateway(
    { home, ...ports, tls: { claimAge }, logLevel: 'silent' },
    { environment: {} },
  );
}

/** A command that talks to the gateway; answers its JSON. Throws what it says where it fails. */
async function ask<Answer>(...words: readonly string[]): Promise<Answer> {
  const at = ['--gateway', gateway.httpUrl, '--home', join(folder, 'home'), '--json'];
  const { exitCode, stdout, stderr } = await runFieldline([...words, ...at]);
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Answer;
}

const newClaim = async () => (await ask<{ claim: string }>('device', 'add', name, '--claim')).claim;

const newPassword = async () => (await ask<{ password: string }>('device', 'add', name)).password;

/** A configuration without sensors, which brings a claim where one is given. */
function config(claim?: string): string {
  const path = join(folder, 'given.yaml');
  const about = { claimUrl: gateway.httpsUrl, ...(claim !== undefined && { claim }) };
  writeFileSync(path, stringify({ gateway: about, sensors: [] }));
  return path;
}

/** Flashes the card `card.img` of the device, and of another name where the words say so. */
async function flash(...words: readonly string[]): Promise<CommandOutcome> {
  const has = (option: string) => words.includes(option);
  return runFieldline([
    ...['flash', 'image', image, '--json', '--packages', join(folder, 'packages')],
    ...['--api', gateway.httpUrl, '--home', join(folder, 'home')],
    ...(has('--output') ? [] : ['--output', card()]),
    ...(has('--name') ? [] : ['--name', name]),
    ...(has('--gateway') ? [] : ['--gateway', gateway.mqttsUrl ?? '']),
    ...words,
  ]);
}

const card = () => join(folder, 'card.img');

/** Refused with this code, before there is a card. */
function expectRefused({ exitCode, stdout, stderr }: CommandOutcome, code: string): void {
  expect({ code: /\[(\w+)\]/.exec(stderr)?.[1], stdout }).toEqual({ code, stdout: '' });
  expect(exitCode).not.toBe(0);
  expect(existsSync(card())).toBe(false);
}

/** Runs an agent with this configuration, until the gateway sees it. */
async function runAgent(text: string): Promise<void> {
  const path = join(folder, 'agent.yaml');
  writeFileSync(path, text);
  const own = { FIELDLINE_DATA_DIR: join(folder, 'data') };
  agent = await startAgent(await loadAgentConfig(path, own), { logger: pino({ level: 'silent' }) });
  await eventually('the device is online', isOnline);
}

/** The session of a device that says in which boot it is. */
async function comeIn(password: string, bootId: string): Promise<void> {
  client = await connectAsync(gateway.mqttUrl, {
    clientId: name,
    username: name,
    password,
    reconnectPeriod: 0,
  });
  const about = { agentVersion: '0.1.0', configVersion: 0, clock: 'synced', startedAt: 1 };
  const status = JSON.stringify({ online: true, bootId, ...about });
  await client.publishAsync(`fieldline/v1/${name}/status`, status, { qos: 1, retain: true });
}

const isOnline = async () =>
  (await ask<{ online: boolean }>('device', 'show', name)).online ? true : undefined;

describe('a claim that is brought', () => {
  test('of another device, or an expired one, is refused before a card is written', async () => {
    await begin('1s');
    const given = config(await newClaim());
    const other = await flash('--config', given, '--name', 'porch', '--no-wait');
    expectRefused(other, 'CLAIM_REFUSED');
    expect(other.stderr).toContain('It is one of greenhouse-1.');
    const late = await eventually('the claim has expired', async () => {
      // Such a short wait that a card which is written before the time is over is none too many.
      const outcome = await flash('--config', given, '--wait', '1ms', '--output', join(folder, 'early.img'));
      rmSync(join(folder, 'early.img'), { force: true });
      return outcome.stderr.includes('[CLAIM_REFUSED]') ? outcome : undefined;
    });
    expectRefused(late, 'CLAIM_REFUSED');
    expect(late.stderr).toMatch(/It has expired at \d{4}-\d\d-\d\d \d\d:\d\d\..*device add NAME --claim/s);
  });

  test('and was traded is refused before another card is written with it', async () => {
    await begin();
    const claim = await newClaim();
    const about = { url: gateway.mqttsUrl, claimUrl: gateway.httpsUrl, claim };
    await runAgent(stringify({ device: name, gateway: about, sensors: [] }));
    const again = await flash('--config', config(claim));
    expectRefused(again, 'CLAIM_REFUSED');
    expect(again.stderr).toContain('It was traded before.');
  });

  test('is taken as it is by whoever may not know what became of it', async () => {
    await begin();
    const given = config(await newClaim());
    const { token } = await ask<{ token: string }>('token', 'create', 'flashing', '--scopes', 'viewer');
    const outcome = await flash('--config', given, '--token', token, '--wait', '1ms');
    expect(outcome).toMatchObject({ exitCode: 1, stderr: '' });
    const report = JSON.parse(outcome.stdout) as object;
    expect(report).toMatchObject({ arrived: false });
    expect(report).not.toHaveProperty('claim');
  });
});

describe('a name that the gateway has', () => {
  test.skipIf(mcopy.missing)(
    'is refused before a card is written, and free for another card once the device is revoked',
    async () => {
      await begin();
      await comeIn(await newPassword(), 'boot-of-the-old-card');
      const taken = await flash();
      expectRefused(taken, 'DEVICE_EXISTS');
      expect(taken.stderr).toContain('`fieldline device revoke NAME`');
      await ask('device', 'revoke', name);
      const flashed = flash('--config', config());
      // The device has the card as soon as it is whole.
      const text = await eventually('the card', () => {
        const from = ['-n', '-i', `${card()}@@${bootOffsetBytes}`, '::fieldline/agent.yaml', '-'];
        const read = execFileSync(mcopy.path, from, {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        return read.includes('sensors:') ? read : undefined;
      });
      await runAgent(text);
      const outcome = await flashed;
      expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
      expect(JSON.parse(outcome.stdout)).toMatchObject({ arrived: true });
    },
  );

  test('is not said to have come while the device runs that had it before', async () => {
    await begin();
    const password = await newPassword();
    writeFileSync(join(folder, 'secret'), password);
    await comeIn(password, 'boot-of-the-old-card');
    await eventually('its status', async () =>
      (await ask<{ bootId: string | null }>('device', 'show', name)).bootId === null ? undefined : true,
    );
    const brought = ['--password-file', join(folder, 'secret')];
    const tooEarly = await flash(...brought, '--wait', '1s', '--output', join(folder, 'early.img'));
    expect(tooEarly).toMatchObject({ exitCode: 1, stderr: '' });
    expect(JSON.parse(tooEarly.stdout)).toMatchObject({ arrived: false });
    const flashed = flash(...brought);
    await eventually('the card', () => (existsSync(card()) ? true : undefined));
    await client?.endAsync(true);
    await comeIn(password, 'boot-of-the-new-card');
    const outcome = await flashed;
    expect(JSON.parse(outcome.stdout)).toMatchObject({ arrived: true });
  });

  test('does not stand in the way of a second try where the first one wrote no card', async () => {
    await begin();
    const toMqtt = ['--gateway', gateway.mqttUrl, '--no-wait'];
    const existing = join(folder, 'mine.img');
    writeFileSync(existing, 'mine');
    expectRefused(await flash(...toMqtt, '--output', existing), 'PROVISION_TARGET_REFUSED');
    expect(readFileSync(existing, 'utf8')).toBe('mine');
    expect(await flash(...toMqtt)).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('waiting for a device', () => {
  test('ends with its claim, and says that it was that', async () => {
    await begin('2s');
    const outcome = await flash('--wait', '1h');
    expect(outcome).toMatchObject({ exitCode: 1, stderr: '' });
    const report = JSON.parse(outcome.stdout) as { claimUntilUs: number; hint: string };
    expect(report).toMatchObject({ arrived: false, claim: 'expired' });
    expect(report.claimUntilUs).toBeGreaterThan(1e15);
    expect(report.hint).toMatch(
      /has expired at .*before the device traded it.*Flash the card again.*tls\.claimAge/s,
    );
  });

  test('says how far the device came with its claim', async () => {
    await begin();
    const { stdout } = await flash('--wait', '1ms');
    const { hint } = JSON.parse(stdout) as { hint: string };
    expect(hint).toMatch(/claim: it was not traded yet, and can be until .*8443/);
  });
});
