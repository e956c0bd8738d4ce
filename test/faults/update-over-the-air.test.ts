import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type RunningGateway } from '@fieldline/gateway';
import type {
  DeviceClaim,
  DeviceSummary,
  LedgerAnswer,
  OfferSummary,
  UpdatesAnswer,
} from '@fieldline/protocol';
import { createThermometer, systemClock, VirtualSensor } from '@fieldline/simulators';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { bundleAgent } from '../../edge/bundle/bundle-agent.ts';
import { runFieldline } from '../services/run-fieldline.ts';
import { eventually } from '../services/wait.ts';

const device = 'lab-1';
/** As it is packaged; what is offered is newer. */
let packagedLauncher: string;
let shared: string;
let keyFile: string;
let key: KeyObject;

let folder: string;
let gateway: RunningGateway;
let sensor: VirtualSensor;
let unit: Unit;

/** What systemd does with the agent's unit (`Restart=always`): starts it again, whatever ended it. */
class Unit {
  readonly #config: string;
  #child: ChildProcess | undefined;
  #isWanted = true;
  log = '';
  starts = 0;

  constructor(config: string) {
    this.#config = config;
    this.#start();
  }

  #start(): void {
    const env = { ...process.env, FIELDLINE_DATA_DIR: join(folder, 'data') };
    const child = spawn('node', [packagedLauncher, '--config', this.#config], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.starts += 1;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => (this.log += String(text)));
    child.once('close', () => {
      if (this.#isWanted) this.#start();
    });
  }

  /** As if the power had been cut: no process gets a chance to say good-bye. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  async stop(): Promise<void> {
    this.#isWanted = false;
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
  }
}

beforeAll(async () => {
  shared = mkdtempSync(join(tmpdir(), 'fieldline-ota-shared-'));
  const { launcher } = await bundleAgent({ folder: join(shared, 'packaged'), platforms: ['linux-x64'] });
  packagedLauncher = launcher;
  key = generateKeyPairSync('ed25519').privateKey;
  keyFile = join(shared, 'key.pem');
  writeFileSync(keyFile, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
});
afterAll(() => rmSync(shared, { recursive: true, force: true }));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-ota-'));
  const any = { port: 0 };
  gateway = await startGateway(
    { home: join(folder, 'home'), http: any, mqtt: any, https: any, mqtts: any },
    { logger: pino({ level: 'silent' }), environment: {} },
  );
  sensor = new VirtualSensor({
    sensor: createThermometer({ ratePerSec: 10, seed: 1 }),
    clock: systemClock,
    link: join(folder, 'port'),
    whileAway: 'hold',
  });
  const { claim } = await ask<DeviceClaim>('POST', '/api/v1/devices', { name: device, claim: true });
  const config = join(folder, 'agent.yaml');
  const { publicKey } = JSON.parse((await fieldline('update', 'key', '--key', keyFile, '--json')).stdout) as {
    publicKey: string;
  };
  writeFileSync(
    config,
    stringify({
      device,
      gateway: { url: gateway.mqttsUrl, claim, claimUrl: gateway.httpsUrl },
      dataDir: './data',
      flush: '100ms',
      clock: { settle: '0s' },
      updates: { keys: [publicKey], confirmWithin: '20s' },
      sensors: [{ id: 'air', driver: 'thermometer', port: join(folder, 'port'), window: '1s' }],
    }),
  );
  sensor.start();
  unit = new Unit(config);
  await eventually(
    'the first agent delivers',
    async () => ((await taken()) > 0 ? true : undefined),
    60_000,
  ).catch((cause: unknown) => {
    throw new Error(unit.log, { cause });
  });
});
afterEach(async () => {
  await unit.stop();
  await sensor.close();
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const token = readFileSync(join(folder, 'home', 'admin.token'), 'utf8').trim();
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const response = await fetch(`${gateway.httpUrl}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Answer;
}

async function fieldline(...words: string[]): Promise<{ stdout: string }> {
  const outcome = await runFieldline(words, { FIELDLINE_HOME: join(folder, 'home') });
  if (outcome.exitCode !== 0) throw new Error(outcome.stderr);
  return outcome;
}

const at = (): string[] => ['--gateway', gateway.httpUrl, '--home', join(folder, 'home'), '--json'];

async function publish(version: string): Promise<void> {
  await fieldline('update', 'publish', '--arch', 'amd64', '--key', keyFile, '--as', version, ...at());
}

async function offer(version: string): Promise<OfferSummary> {
  const { stdout } = await fieldline('update', 'offer', version, '--device', device, ...at());
  return JSON.parse(stdout) as OfferSummary;
}

const ledger = (): Promise<LedgerAnswer> => ask('GET', `/api/v1/ledger?device=${device}`);
const taken = async (): Promise<number> => (await ledger()).total.taken;

async function progress(): Promise<{ state: string; code: string | null } | undefined> {
  const { offers } = await ask<UpdatesAnswer>('GET', '/api/v1/updates');
  return offers[0]?.progress.find((each) => each.device === device);
}

const version = async (): Promise<string | null> =>
  (await ask<DeviceSummary>('GET', `/api/v1/devices/${device}`)).agentVersion;

function until(state: string): Promise<true> {
  return eventually(
    `the update is ${state}`,
    async () => ((await progress())?.state === state ? true : undefined),
    90_000,
  );
}

/** Everything that the agent has taken is stored, and nobody misses anything. */
async function nothingIsLost(): Promise<void> {
  const before = await taken();
  await eventually('readings go on', async () => ((await taken()) > before ? true : undefined), 60_000);
  await unit.stop();
  const totals = await eventually(
    'the account is even',
    async () => {
      const { total: now } = await ledger();
      return now.underWay === 0 && now.taken === now.stored ? now : undefined;
    },
    60_000,
  );
  expect(totals).toMatchObject({ lost: 0, refused: 0, unaccounted: 0 });
}

describe('an update over the air', () => {
  test('is published, offered, fetched over TLS, tried and committed, without losing a reading', async () => {
    await publish('0.2.0');
    const { progress: devices } = await offer('0.2.0');
    expect(devices.map((each) => each.device)).toEqual([device]);
    await until('committed');
    expect([await version(), unit.starts]).toEqual(['0.2.0', 2]);
    expect((await fieldline('update', 'status', ...at())).stdout).toContain('committed');
    expect(await (await fetch(`${gateway.httpUrl}/metrics`)).text()).toMatch(
      /fieldline_update_steps_total\{state="committed",code=""\} 1/,
    );
    await nothingIsLost();
  });

  test('that has its power cut in the middle, again and again, ends with the new version and every reading', async () => {
    await publish('0.2.0');
    await offer('0.2.0');
    for (const state of ['downloading', 'trial']) {
      await eventually(
        `the update is ${state} or further`,
        async () =>
          ['installing', 'trial', 'committed', state].includes((await progress())?.state ?? '')
            ? true
            : undefined,
        60_000,
      );
      await unit.kill();
    }
    await until('committed');
    await unit.kill();
    await eventually(
      'the new version is back',
      async () => ((await version()) === '0.2.0' ? true : undefined),
      60_000,
    );
    await nothingIsLost();
  });

  test('to a version that ends at its start is taken back by the launcher, and readings go on', async () => {
    await publishBroken('0.3.0', 'process.exit(3);');
    await offer('0.3.0');
    await until('rolled-back');
    expect(await progress()).toMatchObject({ code: 'UPDATE_NOT_STARTED' });
    expect(await version()).toBe('0.1.0');
    await nothingIsLost();
  });

  test('to a version that delivers nothing is taken back at its deadline', async () => {
    await publishBroken('0.4.0', 'setInterval(() => undefined, 1000);');
    await offer('0.4.0');
    await until('rolled-back');
    expect(await progress()).toMatchObject({ code: 'UPDATE_NOT_CONFIRMED' });
    await nothingIsLost();
  });

  test('from whoever is not trusted is refused, and told', async () => {
    const stranger = join(folder, 'stranger.pem');
    await fieldline('update', 'key', '--key', stranger, '--json');
    await fieldline('update', 'publish', '--arch', 'amd64', '--key', stranger, '--as', '0.9.0', ...at());
    await offer('0.9.0');
    await until('refused');
    expect(await progress()).toMatchObject({ code: 'UPDATE_SIGNATURE_INVALID' });
    expect([await version(), unit.starts]).toEqual(['0.1.0', 1]);
  });
});

async function publishBroken(version: string, program: string): Promise<void> {
  const { updateBundle } = await import('@fieldline/provision');
  const empty = Buffer.of();
  const agent = {
    version,
    program: Buffer.from(program),
    launcher: empty,
    addons: [],
    unit: empty,
    sampleConfig: empty,
    notices: '',
    billOfMaterials: '',
  };
  const { signed, content } = await updateBundle(agent, { arch: 'amd64', key, allowDowngrade: false });
  await ask('POST', '/api/v1/updates/bundles', { ...signed, content: content.toString('base64url') });
}
