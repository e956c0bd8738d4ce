import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  loadAgentConfig,
  startAgent,
  systemTimers,
  type Agent,
  type AgentOptions,
  type Clock,
  type Timers,
} from '@fieldline/edge';
import { startGateway, type RunningGateway } from '@fieldline/gateway';
import { DeviceClaim, DevicesAnswer } from '@fieldline/protocol';
import { pino } from 'pino';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../services/wait.ts';

let folder: string;
let gateway: RunningGateway;
let agent: Agent | undefined;
let log: string[];
const device = 'greenhouse-1';

/** Looks each moment whether the certificate is to be renewed, in the place of each hour. */
const hasty: Timers = {
  ...systemTimers,
  after: (delayMs, run) => systemTimers.after(delayMs < 3_600_000 ? delayMs : 50, run),
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-claim-'));
  log = [];
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  await gateway.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

async function start(tls: object = {}, ports = { https: 0, mqtts: 0 }): Promise<void> {
  gateway = await startGateway(
    {
      home: join(folder, 'home'),
      http: { port: 0 },
      mqtt: { port: 0 },
      https: { port: ports.https },
      mqtts: { port: ports.mqtts },
      logLevel: 'silent',
      tls,
    },
    { environment: {} },
  );
}

async function ask(method: string, path: string, body?: object): Promise<unknown> {
  const token = (await readFile(join(folder, 'home', 'admin.token'), 'utf8')).trim();
  const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
  const response = await fetch(`${gateway.httpUrl}${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  return response.json();
}

async function newClaim(): Promise<string> {
  const answer = await ask('POST', '/api/v1/devices', { name: device, claim: true });
  if (!Value.Check(DeviceClaim, answer)) throw new TypeError(JSON.stringify(answer));
  return answer.claim;
}

/** An agent without sensors: what it says of itself is enough to see that it came in. */
async function runAgent(claim: string, options: Pick<AgentOptions, 'timers' | 'clock'> = {}): Promise<void> {
  const path = join(folder, 'agent.yaml');
  const about = `{ url: '${gateway.mqttsUrl}', claim: '${claim}', claimUrl: '${gateway.httpsUrl}' }`;
  await writeFile(path, `device: ${device}\ngateway: ${about}\ndataDir: ./data\nsensors: []\n`);
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) });
  agent = await startAgent(await loadAgentConfig(path, {}), { logger, ...options });
}

const isOnline = (): Promise<true | undefined> =>
  ask('GET', '/api/v1/devices').then((answer) =>
    Value.Check(DevicesAnswer, answer) && answer.devices.some(({ online }) => online) ? true : undefined,
  );

const identity = async (): Promise<Record<string, string>> =>
  JSON.parse(await readFile(join(folder, 'data', 'identity', 'identity.json'), 'utf8'));

test('an agent trades its claim for a certificate, keeps the key for itself, and needs the claim no more', async () => {
  await start();
  const claim = await newClaim();
  await runAgent(claim);
  await eventually('the device is online', isOnline);
  const path = join(folder, 'data', 'identity', 'identity.json');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const first = await identity();
  await agent?.stop();
  await runAgent(claim);
  await eventually('the device is online again', isOnline);
  expect(await identity()).toEqual(first);
  const [, , secret = ''] = claim.split('.');
  const said = log.join('');
  expect(said).toContain('connected to the gateway');
  for (const each of [secret, first['keyPem']?.split('\n')[1] ?? '']) {
    expect([each.length > 20, said.includes(each)]).toEqual([true, false]);
  }
});

test('an agent tells a stranger from its gateway before it says anything, and comes in once the right one is there', async () => {
  await start();
  const claim = await newClaim();
  const ports = { https: portOf(gateway.httpsUrl), mqtts: portOf(gateway.mqttsUrl) };
  await gateway.stop();
  const right = folder;
  folder = join(right, 'stranger');
  await start({}, ports);
  folder = right;
  await runAgent(claim);
  await eventually('the stranger is recognised', () =>
    log.some((line) => line.includes('UPLINK_GATEWAY_UNTRUSTED')) ? true : undefined,
  );
  await gateway.stop();
  await start({}, ports);
  await eventually('the device is online', isOnline);
});

test('a certificate is renewed before its end, and the device stays itself', async () => {
  await start();
  let aheadUs = 0;
  const clock: Clock = { nowUs: () => Date.now() * 1000 + aheadUs, quality: () => 'synced' };
  const claim = await newClaim();
  await runAgent(claim, { timers: hasty, clock });
  await eventually('the device is online', isOnline);
  const first = await identity();
  aheadUs = 61 * 86_400_000_000;
  const second = await eventually('the certificate is another one', async () => {
    const now = await identity();
    return now['certificatePem'] === first['certificatePem'] ? undefined : now;
  });
  expect(second['keyPem']).not.toBe(first['keyPem']);
  await agent?.stop();
  await runAgent(claim, { clock });
  await eventually('the device is online with the next one', isOnline);
});

test('a session ends with its certificate, the log says so, and the agent comes back with the next one', async () => {
  // Renewed at two thirds, with a real time to its end.
  await start({ deviceCertificateAge: '12s' });
  await runAgent(await newClaim(), { timers: hasty });
  await eventually('the device is online', isOnline);
  const first = await identity();
  await eventually('there is a next certificate', async () =>
    (await identity())['certificatePem'] === first['certificatePem'] ? undefined : true,
  );
  const connects = () => log.filter((line) => line.includes('connected to the gateway')).length;
  expect(connects()).toBe(1);
  await eventually('the agent has come back', () => (connects() > 1 ? true : undefined));
  const said = log.find((line) => line.includes('UPLINK_CERTIFICATE_EXPIRED'));
  expect(said).toContain('There is a next one.');
  const metrics = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
  expect(metrics).toMatch(/fieldline_mqtt_refused_total\{code="CERTIFICATE_EXPIRED"\} [1-9]/);
});

test('a revoked device stays out, until it has another claim', async () => {
  await start();
  await runAgent(await newClaim());
  await eventually('the device is online', isOnline);
  await ask('POST', `/api/v1/devices/${device}/revoke`);
  await eventually('it is refused', () =>
    log.some((line) => line.includes('UPLINK_REFUSED')) ? true : undefined,
  );
  expect(await isOnline()).toBeUndefined();
  await agent?.stop();
  await runAgent(await newClaim());
  await eventually('the device is online again', isOnline);
});

function portOf(url: string | undefined): number {
  return Number(new URL(url ?? '').port);
}
