import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createServer, connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { ClaimStateAnswer, ClaimedCredential, DeviceClaim, IssuedCredential } from '@fieldline/protocol';
import mqtt from 'mqtt';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { batchOf, closeOf, publishBatch, startRig, type GatewayRig } from '../gateway-rig.ts';
import { newDeviceKey, postSecurely, type DeviceKey } from '../testing/tls-device.ts';
import { gatewayServerName } from './certificate-authority.ts';

let rig: GatewayRig;
let authority: string;
/** A device of its own for each test, on one gateway. */
let name: string;
let tests = 0;

beforeAll(async () => {
  rig = await startRig();
  authority = readFileSync(join(rig.home, 'ca', 'ca.pem'), 'utf8');
});
beforeEach(() => {
  tests += 1;
  name = `lab-${tests}`;
});
afterAll(() => rig.end());

const httpsUrl = (path: string) => `${rig.gateway.httpsUrl}${path}`;
const trust = () => ({ ca: authority, servername: gatewayServerName });

async function claimOf(device: string): Promise<DeviceClaim> {
  const token = readFileSync(join(rig.home, 'admin.token'), 'utf8').trim();
  const response = await fetch(`${rig.gateway.httpUrl}/api/v1/devices`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: device, claim: true }),
  });
  const claim: unknown = await response.json();
  if (!Value.Check(DeviceClaim, claim)) throw new TypeError(`${response.status} ${JSON.stringify(claim)}`);
  return claim;
}

/** Trades a claim for a certificate, as an agent does. */
async function certificateOf(device: string): Promise<DeviceKey & { certificate: string }> {
  const { claim } = await claimOf(device);
  const key = await newDeviceKey();
  const answer = await postSecurely(httpsUrl('/api/v1/claim'), { claim, request: key.requestPem }, trust());
  expect(answer.status).toBe(201);
  return { ...key, certificate: String(answer.body['certificate']) };
}

const connectSecurely = (options: mqtt.IClientOptions) =>
  mqtt.connectAsync(rig.gateway.mqttsUrl ?? '', {
    ...trust(),
    reconnectPeriod: 0,
    connectTimeout: 5000,
    ...options,
  });

const withCertificate = (device: string, identity: { keyPem: string; certificate: string }) =>
  connectSecurely({ clientId: device, username: device, key: identity.keyPem, cert: identity.certificate });

describe('claim', () => {
  test('is traded for a certificate that opens a session over TLS and lets readings in', async () => {
    const { device, claim, expiresAt } = await claimOf(name);
    const [named, pin] = claim.split('.');
    expect([device, named]).toEqual([name, name]);
    expect(expiresAt).toBeGreaterThan(Date.now() * 1000);
    const shown = new X509Certificate(authority).fingerprint256.replaceAll(':', '');
    expect(
      Buffer.from(pin ?? '', 'base64url')
        .toString('hex')
        .toUpperCase(),
    ).toBe(shown);
    const key = await newDeviceKey('CN=another');
    const answer = await postSecurely(httpsUrl('/api/v1/claim'), { claim, request: key.requestPem }, trust());
    expect([...Value.Errors(ClaimedCredential, answer.body)]).toEqual([]);
    const certificate = new X509Certificate(String(answer.body['certificate']));
    // Of the request, only its key counts.
    expect(certificate.subject).toBe(`CN=${name}`);
    expect(certificate.ca).toBe(false);
    const client = await withCertificate(name, {
      keyPem: key.keyPem,
      certificate: certificate.toString(),
    });
    await publishBatch(client, batchOf(name, 1));
    await client.endAsync();
    expect((await rig.ledger()).devices).toContainEqual(expect.objectContaining({ device: name, taken: 1 }));
  });

  test('is good once: the same request may come again, since answers get lost, another may not', async () => {
    const { claim } = await claimOf(name);
    const [key, thief] = [await newDeviceKey(), await newDeviceKey()];
    const trade = (request: string) => postSecurely(httpsUrl('/api/v1/claim'), { claim, request }, trust());
    expect((await trade(key.requestPem)).status).toBe(201);
    expect((await trade(key.requestPem)).status).toBe(201);
    expect(await trade(thief.requestPem)).toMatchObject({ status: 403, body: { code: 'CLAIM_REFUSED' } });
    expect((await postSecurely(httpsUrl('/api/v1/claim'), { claim }, trust())).status).toBe(403);
  });

  test('without a request it gives a password, once, that works over TLS and not over somebody else’s id', async () => {
    const { claim } = await claimOf(name);
    const answer = await postSecurely(httpsUrl('/api/v1/claim'), { claim }, trust());
    expect([...Value.Errors(ClaimedCredential, answer.body)]).toEqual([]);
    expect((await postSecurely(httpsUrl('/api/v1/claim'), { claim }, trust())).status).toBe(403);
    const password = String(answer.body['password']);
    await (await connectSecurely({ clientId: name, username: name, password })).endAsync();
    await expect(connectSecurely({ clientId: 'another', username: name, password })).rejects.toThrow();
  });

  test('is refused over plain HTTP, when it is wrong, and for a revoked device', async () => {
    const { claim } = await claimOf(name);
    const plain = await fetch(`${rig.gateway.httpUrl}/api/v1/claim`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ claim }),
    });
    expect([plain.status, JSON.parse(await plain.text()).code]).toEqual([403, 'API_NEEDS_TLS']);
    await rig.revoke(name);
    expect((await postSecurely(httpsUrl('/api/v1/claim'), { claim }, trust())).status).toBe(403);
    expect((await postSecurely(httpsUrl('/api/v1/claim'), { claim: `${claim}x` }, trust())).status).toBe(403);
  });

  test('what became of a claim is told to administrators, and never the claim', async () => {
    const token = readFileSync(join(rig.home, 'admin.token'), 'utf8').trim();
    const ask = (headers: Record<string, string>) =>
      fetch(`${rig.gateway.httpUrl}/api/v1/devices/${name}/claim`, { headers });
    const asAdmin = { authorization: `Bearer ${token}` };
    const stateOf = async () => {
      const answer: unknown = await (await ask(asAdmin)).json();
      if (!Value.Check(ClaimStateAnswer, answer)) throw new TypeError(JSON.stringify(answer));
      return answer;
    };
    expect((await ask(asAdmin)).status).toBe(404);
    const { claim, expiresAt } = await claimOf(name);
    expect(await stateOf()).toEqual({ device: name, state: 'open', expiresAtUs: expiresAt });
    await postSecurely(httpsUrl('/api/v1/claim'), { claim }, trust());
    expect(await stateOf()).toEqual({ device: name, state: 'used', expiresAtUs: expiresAt });
    await rig.revoke(name);
    expect(await stateOf()).toEqual({ device: name, state: 'none', expiresAtUs: null });
    expect((await ask({})).status).toBe(401);
  });

  test('a device that never came gets another claim, and the first one is over; one that came does not', async () => {
    const first = await claimOf(name);
    const second = await claimOf(name);
    expect((await postSecurely(httpsUrl('/api/v1/claim'), { claim: first.claim }, trust())).status).toBe(403);
    const { body } = await postSecurely(httpsUrl('/api/v1/claim'), { claim: second.claim }, trust());
    const password = String(body['password']);
    await (await connectSecurely({ clientId: name, username: name, password })).endAsync();
    await expect(claimOf(name)).rejects.toThrow('DEVICE_EXISTS');
  });

  test('another claim ends whatever the one before was traded for, a certificate and its renewal or a password', async () => {
    const thief = await certificateOf(name);
    const shown = { ...trust(), key: thief.keyPem, cert: thief.certificate };
    const next = await newDeviceKey();
    const renew = () => postSecurely(httpsUrl('/api/v1/renew'), { request: next.requestPem }, shown);
    const renewed = { keyPem: next.keyPem, certificate: String((await renew()).body['certificate']) };
    const { claim } = await claimOf(name);
    await expect(withCertificate(name, thief)).rejects.toThrow();
    await expect(withCertificate(name, renewed)).rejects.toThrow();
    expect((await renew()).status).toBe(403);
    const { body } = await postSecurely(httpsUrl('/api/v1/claim'), { claim }, trust());
    const identity = await certificateOf(name);
    const password = String(body['password']);
    await expect(connectSecurely({ clientId: name, username: name, password })).rejects.toThrow();
    await (await withCertificate(name, identity)).endAsync();
  });

  test('a request that is no request, or not signed by its key, gives nothing', async () => {
    const { claim } = await claimOf(name);
    const forged = (await newDeviceKey()).requestPem.split('\n');
    const line = forged.length - 3;
    forged[line] = (forged[line] ?? '').replace(/[A-Y]/, (letter) =>
      String.fromCharCode(letter.charCodeAt(0) + 1),
    );
    for (const request of ['nothing', forged.join('\n')]) {
      const { claim: fresh } = await claimOf(name);
      const answer = await postSecurely(httpsUrl('/api/v1/claim'), { claim: fresh, request }, trust());
      expect([answer.status, answer.body['code']]).toEqual([400, 'CERTIFICATE_REQUEST_INVALID']);
    }
    expect(claim).toContain(`${name}.`);
  });
});

describe('certificate of a device', () => {
  test('stands for its device alone: not for another client id, another user, or one that is not in the list', async () => {
    const before = await rig.refused('CLIENT_ID_MISMATCH');
    const identity = await certificateOf(name);
    await rig.addDevice('another');
    await expect(withCertificate('another', identity)).rejects.toThrow();
    const { keyPem: key, certificate: cert } = identity;
    await expect(connectSecurely({ clientId: name, username: 'another', key, cert })).rejects.toThrow();
    await (await connectSecurely({ clientId: name, key, cert })).endAsync();
    expect(await rig.refused('CLIENT_ID_MISMATCH')).toBe(before + 2);
  });

  test('revoking ends its session, and it never opens again, not even when the device is registered anew', async () => {
    const identity = await certificateOf(name);
    const before = await rig.refused('CERTIFICATE_REFUSED');
    const client = await withCertificate(name, identity);
    const closed = closeOf(client);
    await rig.revoke(name);
    await closed;
    await expect(withCertificate(name, identity)).rejects.toThrow();
    await rig.addDevice(name);
    await expect(withCertificate(name, identity)).rejects.toThrow();
    expect(await rig.refused('CERTIFICATE_REFUSED')).toBe(before + 2);
  });

  test('is renewed by showing the present one, which counts until the next one has been used', async () => {
    const present = await certificateOf(name);
    const next = await newDeviceKey();
    const shown = { ...trust(), key: present.keyPem, cert: present.certificate };
    const renew = (options: object) =>
      postSecurely(httpsUrl('/api/v1/renew'), { request: next.requestPem }, options);
    expect(await renew(trust())).toMatchObject({ status: 403, body: { code: 'API_NEEDS_CERTIFICATE' } });
    const answer = await renew(shown);
    expect([...Value.Errors(IssuedCredential, answer.body)]).toEqual([]);
    const renewed = { keyPem: next.keyPem, certificate: String(answer.body['certificate']) };
    await (await withCertificate(name, present)).endAsync();
    await (await withCertificate(name, renewed)).endAsync();
    await expect(withCertificate(name, present)).rejects.toThrow();
    expect((await renew(shown)).status).toBe(403);
  });

  test('ends its session with itself, by its own time, and no other session', async () => {
    const brief = await startRig({ tls: { deviceCertificateAge: '5s' } });
    const [whole, wholeAuthority] = [rig, authority];
    rig = brief;
    authority = readFileSync(join(brief.home, 'ca', 'ca.pem'), 'utf8');
    try {
      const identity = await certificateOf(name);
      const client = await withCertificate(name, identity);
      const other = await brief.connect('other', await brief.addDevice('other'));
      await closeOf(client);
      const endMs = new X509Certificate(identity.certificate).validToDate.getTime();
      expect(Date.now()).toBeGreaterThan(endMs);
      expect(await brief.refused('CERTIFICATE_EXPIRED')).toBe(1);
      expect(brief.log.join('')).toContain(`It counted until ${new Date(endMs).toISOString()}`);
      await expect(withCertificate(name, identity)).rejects.toThrow();
      await publishBatch(other, batchOf('other', 1));
      await other.endAsync();
    } finally {
      [rig, authority] = [whole, wholeAuthority];
      await brief.end();
    }
  });

  test('is looked at by the clock as it is: months are no long timer, and a step of the clock counts at once', async () => {
    let aheadUs = 0;
    const clock = { nowUs: () => Date.now() * 1000 + aheadUs };
    const stepped = await startRig({}, undefined, clock);
    const [whole, wholeAuthority] = [rig, authority];
    rig = stepped;
    authority = readFileSync(join(stepped.home, 'ca', 'ca.pem'), 'utf8');
    try {
      const client = await withCertificate(name, await certificateOf(name));
      const closed = closeOf(client);
      aheadUs = 89 * 86_400_000_000;
      await publishBatch(client, batchOf(name, 1));
      expect(await stepped.refused('CERTIFICATE_EXPIRED')).toBe(0);
      aheadUs = 91 * 86_400_000_000;
      await closed;
      expect(await stepped.refused('CERTIFICATE_EXPIRED')).toBe(1);
    } finally {
      [rig, authority] = [whole, wholeAuthority];
      await stepped.end();
    }
  });

  test('a certificate of another authority is nothing: it opens no session without a password', async () => {
    const other = await startRig();
    const stranger = rig;
    rig = other;
    const foreign = await (async () => {
      authority = readFileSync(join(other.home, 'ca', 'ca.pem'), 'utf8');
      return certificateOf(name);
    })();
    rig = stranger;
    authority = readFileSync(join(rig.home, 'ca', 'ca.pem'), 'utf8');
    await rig.addDevice(name);
    await expect(withCertificate(name, foreign)).rejects.toThrow();
    await other.end();
  });
});

describe('TLS listeners', () => {
  test('show a chain that a pin can be compared with, under a name that does not change', async () => {
    for (const url of [rig.gateway.httpsUrl, rig.gateway.mqttsUrl]) {
      const port = Number(new URL(url ?? '').port);
      const socket = connectTls({ port, host: '127.0.0.1', ...trust() });
      await new Promise((resolve, reject) => {
        socket.once('secureConnect', resolve);
        socket.once('error', reject);
      });
      expect([socket.authorized, socket.getProtocol()]).toEqual([true, 'TLSv1.3']);
      const { issuerCertificate, subjectaltname } = socket.getPeerCertificate(true);
      expect(issuerCertificate.fingerprint256).toBe(new X509Certificate(authority).fingerprint256);
      expect(subjectaltname).toContain('DNS:localhost, ');
      socket.destroy();
    }
  });

  test('the certificate for devices counts from 1970 on: a device without a clock can connect', () => {
    expect(new Date(new X509Certificate(authority).validFrom).getTime()).toBe(0);
  });

  test('who speaks no TLS is turned away and counted, and hinders nobody', async () => {
    const port = Number(new URL(rig.gateway.mqttsUrl ?? '').port);
    const socket = connectTcp(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(await rig.refused('TLS_HANDSHAKE_FAILED')).toBe(1);
    const identity = await certificateOf(name);
    await (await withCertificate(name, identity)).endAsync();
  });

  test('the key of the authority is for its owner alone, and the same authority stands after a restart', async () => {
    const { home } = rig;
    expect(statSync(join(home, 'ca', 'ca.key.pem')).mode & 0o777).toBe(0o600);
    const identity = await certificateOf(name);
    await rig.gateway.stop();
    rig = await startRig({ home });
    expect(readFileSync(join(home, 'ca', 'ca.pem'), 'utf8')).toBe(authority);
    await (await withCertificate(name, identity)).endAsync();
  });

  test('a default port that is taken costs TLS and nothing else; one that was asked for is an error', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const address = squatter.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expect(startRig({ mqtts: { port } })).rejects.toThrow('MQTT_PORT_BUSY');
    await expect(startRig({ https: { port } })).rejects.toThrow('API_PORT_IN_USE');
    const off = await startRig({ https: { enabled: false }, mqtts: { enabled: false } });
    expect([off.gateway.httpsUrl, off.gateway.mqttsUrl]).toEqual([undefined, undefined]);
    await off.end();
    squatter.close();
  });

  test('files of another authority are shown in the place of the own, and must belong together', async () => {
    const files = {
      certificateFile: join(rig.home, 'ca', 'ca.pem'),
      keyFile: join(rig.home, 'ca', 'ca.key.pem'),
    };
    const other = await startRig({ tls: files });
    const [shownPort] = [Number(new URL(other.gateway.httpsUrl ?? '').port)];
    const socket = connectTls({ port: shownPort, host: '127.0.0.1', rejectUnauthorized: false });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    expect(socket.getPeerCertificate().fingerprint256).toBe(new X509Certificate(authority).fingerprint256);
    socket.destroy();
    const foreignKey = { ...files, keyFile: join(other.home, 'ca', 'ca.key.pem') };
    await expect(startRig({ tls: foreignKey })).rejects.toThrow('CERTIFICATE_FILE_UNUSABLE');
    await other.end();
    await expect(startRig({ tls: { keyFile: 'x' } })).rejects.toThrow('CONFIG_INVALID_VALUE');
  });
});

test('claims that are guessed are limited by address; the last test, since it is limited itself afterwards', async () => {
  const statuses: number[] = [];
  for (let round = 0; round < 21; round++) {
    const guess = `${name}.${'p'.repeat(43)}.${'s'.repeat(43)}`;
    statuses.push((await postSecurely(httpsUrl('/api/v1/claim'), { claim: guess }, trust())).status);
  }
  expect([statuses[0], statuses.at(-1)]).toEqual([403, 429]);
});
