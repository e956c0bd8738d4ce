import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AuditAnswer, SessionAnswer, TokensAnswer, UsersAnswer } from '@fieldline/protocol';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startRig, type GatewayRig } from '../gateway-rig.ts';

const password = 'four plain words here';
let rig: GatewayRig;
let admin: Record<string, string>;

beforeEach(async () => {
  rig = await startRig({ http: { port: 0, allowedHosts: ['https://proxy.example', 'plain.example'] } });
  const token = readFileSync(join(rig.home, 'admin.token'), 'utf8').trim();
  admin = { authorization: `Bearer ${token}` };
});
afterEach(() => rig.end());

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: object;
}

function ask(path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Response> {
  const json = body && { 'content-type': 'application/json' };
  return fetch(`${rig.gateway.httpUrl}${path}`, {
    method,
    headers: { ...json, ...headers },
    redirect: 'manual',
    ...(body && { body: JSON.stringify(body) }),
  });
}

/** What a browser sends from the gateway's own page. */
const fromPage = (cookie: string) => ({ cookie, origin: rig.gateway.httpUrl });

async function addUser(name: string, role: string): Promise<void> {
  const added = await ask('/api/v1/users', {
    method: 'POST',
    headers: admin,
    body: { name, role, password },
  });
  expect(added.status).toBe(201);
}

async function signIn(name: string): Promise<string> {
  const answer = await ask('/api/v1/session', { method: 'POST', body: { name, password } });
  expect(answer.status).toBe(200);
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

describe('before anybody is added', () => {
  test('a page of another site loads nothing, not even while this machine reads without signing in', async () => {
    const from = (site: string, dest: string) => ({
      headers: { 'sec-fetch-site': site, 'sec-fetch-dest': dest },
    });
    const path = '/api/v1/export?stream=*&format=csv';
    for (const site of ['cross-site', 'same-site']) {
      expect((await ask(path, from(site, 'image'))).status).toBe(403);
      expect((await ask(path, from(site, 'iframe'))).status).toBe(403);
      expect((await ask('/metrics', from(site, 'script'))).status).toBe(403);
      // A link that somebody follows.
      expect((await ask('/api/v1/ledger', from(site, 'document'))).status).toBe(200);
    }
    expect((await ask('/api/v1/ledger', from('same-origin', 'empty'))).status).toBe(200);
    expect((await ask('/api/v1/ledger', from('none', 'document'))).status).toBe(200);
  });

  test('this machine reads without signing in, and changes nothing', async () => {
    expect((await ask('/api/v1/ledger')).status).toBe(200);
    expect((await ask('/api/v1/ledger', { headers: { authorization: 'Bearer of-another' } })).status).toBe(
      200,
    );
    expect((await ask('/api/v1/users')).status).toBe(401);
    expect((await ask('/api/v1/devices/x/config', { method: 'PUT', body: { config: {} } })).status).toBe(401);
  });

  test('the address that the gateway gives signs a browser in, once, and is a base for programs', async () => {
    const link = new URL(rig.gateway.dashboardUrl).pathname;
    expect((await ask(`${link}/api/v1/ledger`)).status).toBe(200);
    expect((await ask(`${link}/healthz`)).status).toBe(200);
    expect((await ask(link, { method: 'HEAD' })).status).toBe(404);
    const opened = await ask(`${link}/devices/a?from=1`);
    expect([opened.status, opened.headers.get('location')]).toEqual([303, '/devices/a?from=1']);
    const setCookie = opened.headers.get('set-cookie') ?? '';
    expect(setCookie).toMatch(/^fieldline-\d+=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    const cookie = setCookie.split(';')[0] ?? '';
    expect((await ask('/api/v1/users', { headers: { cookie } })).status).toBe(200);
    const again = await ask(link);
    expect([again.status, again.headers.get('location'), again.headers.get('set-cookie')]).toEqual([
      303,
      '/',
      null,
    ]);
    expect((await ask(`${link}//evil.example/`)).headers.get('location')).toBe('/evil.example/');
    await addUser('ada', 'admin');
    expect((await ask('/api/v1/users', { headers: { cookie } })).status).toBe(401);
  });
});

describe('with users', () => {
  beforeEach(async () => {
    for (const role of ['viewer', 'operator', 'admin']) await addUser(`the-${role}`, role);
  });

  test('roles open what they should on every route of the document, and nothing else', async () => {
    const cookies = new Map<string, string>();
    for (const role of ['viewer', 'operator', 'admin']) cookies.set(role, await signIn(`the-${role}`));
    const document = JSON.parse(await (await ask('/api/v1/openapi.json')).text());
    for (const [path, operations] of Object.entries<Record<string, Record<string, string>>>(document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const needed = operation['x-fieldline-role'];
        const place = path
          .replace('{id}', 'nobody')
          .replace('{name}', 'nobody')
          .replaceAll(/\{\w+\}/g, '1');
        const status = async (cookie: string) => {
          // An empty body is refused behind the door where a route wants one: only 401 and 403 are the door's.
          const body = method === 'get' || method === 'delete' ? {} : { body: {} };
          return (await ask(place, { method: method.toUpperCase(), headers: fromPage(cookie), ...body }))
            .status;
        };
        const turnedAway = new Map<string, boolean>();
        for (const [role, cookie] of [...cookies, ['nobody', '']] as const) {
          if (path === '/api/v1/session' && method === 'delete') continue;
          turnedAway.set(role, [401, 403].includes(await status(cookie)));
        }
        const order = ['nobody', 'viewer', 'operator', 'admin'];
        const expected = order.filter((role) => order.indexOf(role) < order.indexOf(needed ?? 'nobody'));
        const found = order.filter((role) => turnedAway.get(role));
        expect([method, path, found]).toEqual([method, path, expected]);
      }
    }
  });

  test('a change by cookie needs the exact origin; a token does not', async () => {
    const cookie = await signIn('the-admin');
    const { httpUrl } = rig.gateway;
    const revoke = async (headers: Record<string, string>) =>
      (await ask('/api/v1/users/nobody', { method: 'DELETE', headers })).status;
    expect(await revoke({ cookie, origin: httpUrl })).toBe(404);
    for (const origin of [
      'http://evil.example',
      'null',
      `${httpUrl}.evil.example`,
      httpUrl.replace('http:', 'https:'),
      'http://proxy.example',
    ])
      // prettier-ignore
      expect([origin, await revoke({ cookie, origin })]).toEqual([origin, 403]);
    expect(await revoke({ cookie })).toBe(403);
    expect(await revoke({ cookie, origin: 'https://proxy.example' })).toBe(404);
    expect(await revoke(admin)).toBe(404);
    expect(await revoke({ ...admin, origin: 'http://evil.example' })).toBe(403);
  });

  test('signing in from another page is refused, so that nobody is signed in as somebody else', async () => {
    const body = { name: 'the-viewer', password };
    const headers = { origin: 'http://evil.example' };
    expect((await ask('/api/v1/session', { method: 'POST', headers, body })).status).toBe(403);
  });

  test('an open socket ends with its session, another one goes on', async () => {
    const [one, other] = [await signIn('the-viewer'), await signIn('the-operator')];
    const [first, second] = await Promise.all([openSocket(fromPage(one)), openSocket(fromPage(other))]);
    const closed = new Promise<number>((resolve) => first.once('close', resolve));
    expect((await ask('/api/v1/session', { method: 'DELETE', headers: fromPage(one) })).status).toBe(200);
    expect(await closed).toBe(4401);
    expect(second.readyState).toBe(WebSocket.OPEN);
    expect((await ask('/api/v1/streams', { headers: { cookie: one } })).status).toBe(401);
    const secondClosed = new Promise<number>((resolve) => second.once('close', resolve));
    const change = { method: 'PUT', headers: admin, body: { password: 'another four plain words' } };
    expect((await ask('/api/v1/users/the-operator', change)).status).toBe(200);
    expect(await secondClosed).toBe(4401);
  });

  test('a socket needs somebody, and a cookie with the exact origin', async () => {
    const cookie = await signIn('the-viewer');
    await expect(openSocket({})).rejects.toThrow('401');
    await expect(openSocket({ cookie })).rejects.toThrow('403');
    await expect(openSocket({ cookie, origin: 'http://evil.example' })).rejects.toThrow('403');
    (await openSocket(admin)).terminate();
  });

  test('a token with the scope of the metrics reads them and nothing else', async () => {
    const body = { name: 'prometheus', scopes: ['metrics'] };
    const made = await ask('/api/v1/tokens', { method: 'POST', headers: admin, body });
    const { token, id } = JSON.parse(await made.text());
    const headers = { authorization: `Bearer ${token}` };
    expect((await ask('/metrics')).status).toBe(401);
    expect((await ask('/metrics', { headers })).status).toBe(200);
    expect((await ask('/api/v1/ledger', { headers })).status).toBe(403);
    expect((await ask(`/api/v1/tokens/${id}`, { method: 'DELETE', headers: admin })).status).toBe(200);
    expect((await ask('/metrics', { headers })).status).toBe(401);
  });

  test('wrong passwords are answered alike for known and unknown names, and limited', async () => {
    const attempt = (name: string) =>
      ask('/api/v1/session', { method: 'POST', body: { name, password: 'wrong password' } });
    expect((await attempt('the-admin')).status).toBe(401);
    expect((await attempt('nobody-here')).status).toBe(401);
    for (let round = 1; round < 10; round++) await attempt('the-admin');
    const limited = await attempt('the-admin');
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.parse(await limited.text()).code).toBe('API_TOO_MANY_ATTEMPTS');
  });

  test('the answers have their schemas, and no secret', async () => {
    const cookie = await signIn('the-admin');
    const cases: readonly (readonly [string, TSchema])[] = [
      ['/api/v1/users', UsersAnswer],
      ['/api/v1/tokens', TokensAnswer],
      ['/api/v1/audit', AuditAnswer],
      ['/api/v1/session', SessionAnswer],
    ];
    for (const [path, schema] of cases) {
      const text = await (await ask(path, { headers: { cookie } })).text();
      expect([path, ...Value.Errors(schema, JSON.parse(text))]).toEqual([path]);
      expect(text).not.toContain('argon2');
    }
  });
});

test('the audit log says who changed what, and outlives a kill of the process', async () => {
  await addUser('ada', 'admin');
  const headers = fromPage(await signIn('ada'));
  await ask('/api/v1/devices', { method: 'POST', headers, body: { name: 'lab-1' } });
  await ask('/api/v1/devices', { method: 'POST', headers, body: { name: 'lab-1' } });
  await ask('/api/v1/devices/lab-1/revoke', { method: 'POST', headers });
  const { entries } = JSON.parse(await (await ask('/api/v1/audit', { headers: admin })).text());
  expect(
    entries.map(({ actor, action, subject }: AuditAnswer['entries'][number]) => [actor, action, subject]),
  ).toEqual([
    ['ada', 'POST /api/v1/devices/{id}/revoke', 'lab-1'],
    ['ada', 'POST /api/v1/devices', 'lab-1'],
    ['anonymous', 'POST /api/v1/session', 'ada'],
    ['admin.token', 'POST /api/v1/users', 'ada (admin)'],
  ]);
  expect(entries[0].address).toContain('127.0.0.1');
});

test('no secret is in the log or in a file that others may read, and none but the token’s own in clear', async () => {
  const devicePassword = await rig.addDevice('lab-1');
  await addUser('ada', 'admin');
  const cookie = await signIn('ada');
  const made = await ask('/api/v1/tokens', {
    method: 'POST',
    headers: admin,
    body: { name: 'x', scopes: ['admin'] },
  });
  const { token } = JSON.parse(await made.text());
  await (await rig.connect('lab-1', devicePassword)).endAsync();
  await expect(rig.connect('lab-1', `${devicePassword}x`)).rejects.toThrow();
  for (const path of ['/api/v1/nowhere', '/api/v1/query?stream=a', '/signin/wrong'])
    await ask(path, { headers: { cookie, authorization: `Bearer ${token}` } });
  await ask('/api/v1/session', { method: 'POST', body: { name: 'ada', password: `${password}!` } });
  const link = new URL(rig.gateway.dashboardUrl).pathname;
  await ask(link);
  await rig.gateway.stop();
  const secrets = [devicePassword, password, cookie.split('=')[1] ?? '', token, link.slice('/signin/'.length), admin['authorization']?.slice(7) ?? '']; // prettier-ignore
  const log = rig.log.join('');
  expect(log).toContain('lab-1');
  for (const secret of secrets) expect([secret.length > 20, log.includes(secret)]).toEqual([true, false]);
  for (const name of readdirSync(rig.home)) {
    const path = join(rig.home, name);
    if (!statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    const found = secrets.filter((secret) => bytes.includes(secret));
    expect([name, found.length]).toEqual([name, name === 'admin.token' ? 1 : 0]);
  }
  for (const name of ['admin.token', 'access.db']) expect([name, statSync(join(rig.home, name)).mode & 0o077]).toEqual([name, 0]); // prettier-ignore
});

function openSocket(headers: Record<string, string>): Promise<WebSocket> {
  const socket = new WebSocket(`${rig.gateway.httpUrl.replace('http', 'ws')}/api/v1/live`, { headers });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}
