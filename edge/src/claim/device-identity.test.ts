import { createServer, type Server } from 'node:https';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemTimers } from '../bindings/timers.ts';
import { gatewayCertificate } from '../testing/gateway-certificate.ts';
import { DeviceIdentity } from './device-identity.ts';
import { gatewayServerName } from './server-name.ts';

const secret = 's'.repeat(43);
let folder: string;
let server: Server;
let pin: string;
let url: string;
/** What the server answers to each request, in turn; the last one again and again. */
let answers: { status: number; body: object }[];
let requests: { path: string; body: Record<string, string> }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-identity-'));
  requests = [];
  const { key, cert, pin: shownPin } = await gatewayCertificate();
  pin = shownPin;
  const issued = { device: 'lab-1', username: 'lab-1', certificate: cert, authority: cert };
  answers = [{ status: 201, body: { ...issued, expiresAtUs: Date.now() * 1000 + 1e9 } }];
  server = createServer({ key, cert }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString()) });
      const { status, body } = (answers.length > 1 ? answers.shift() : answers[0]) ?? {
        status: 500,
        body: {},
      };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

function identityOf(claim: string | undefined): DeviceIdentity {
  return new DeviceIdentity({
    device: 'lab-1',
    dataDir: folder,
    claim: claim === undefined ? undefined : { claim, url },
    nowUs: () => Date.now() * 1000,
    timers: systemTimers,
    logger: pino({ level: 'silent' }),
  });
}

test('the same request is sent again where the answer was lost, and the key is on the disk before it', async () => {
  answers.unshift({ status: 500, body: {} });
  const claim = `lab-1.${pin}.${secret}`;
  expect(await identityOf(claim).ready()).toMatchObject({
    ok: false,
    refusal: { code: 'UPLINK_CLAIM_FAILED' },
  });
  expect(await readdir(join(folder, 'identity'))).toEqual(['pending.json']);
  // Another process, as after a power cut.
  expect(await identityOf(claim).ready()).toMatchObject({
    ok: true,
    value: { servername: gatewayServerName },
  });
  expect(requests.map(({ path }) => path)).toEqual(['/api/v1/claim', '/api/v1/claim']);
  expect(requests[0]?.body).toEqual(requests[1]?.body);
  expect(await identityOf(claim).ready()).toMatchObject({ ok: true });
  expect(requests).toHaveLength(2);
});

test('nothing is said to who shows another certificate than the claim names', async () => {
  const outcome = await identityOf(`lab-1.${'x'.repeat(43)}.${secret}`).ready();
  expect(outcome).toMatchObject({ ok: false, refusal: { code: 'UPLINK_GATEWAY_UNTRUSTED' } });
  expect(requests).toEqual([]);
});

test('the claim of another device is not traded, and without a claim there is no certificate', async () => {
  const outcome = await identityOf(`lab-2.${pin}.${secret}`).ready();
  expect(outcome).toMatchObject({ ok: false, refusal: { code: 'UPLINK_CLAIM_FAILED' } });
  expect(await identityOf(undefined).ready()).toEqual({ ok: true, value: undefined });
  expect(requests).toEqual([]);
});

test('an answer that is none of a gateway is refused and kept nowhere', async () => {
  answers = [{ status: 201, body: { certificate: 7 } }];
  expect(await identityOf(`lab-1.${pin}.${secret}`).ready()).toMatchObject({ ok: false });
  expect(await readdir(join(folder, 'identity'))).toEqual(['pending.json']);
});

test('a gateway that is away is told from one that is not trusted', async () => {
  const identity = identityOf(`lab-1.${pin}.${secret}`);
  await new Promise((resolve) => server.close(resolve));
  expect(await identity.ready()).toMatchObject({ ok: false, refusal: { code: 'UPLINK_UNREACHABLE' } });
  server.listen(0);
});
