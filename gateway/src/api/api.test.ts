import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  AboutAnswer,
  batchTopic,
  DeadLetter,
  DeadLettersAnswer,
  DeviceCredential,
  DevicesAnswer,
  DeviceSummary,
  encodeBatch,
  LedgerAnswer,
  PipelineAnswer,
  Problem,
  QueryAnswer,
  QueryRawAnswer,
  QuerySeriesAnswer,
  StreamsAnswer,
  type Batch,
} from '@fieldline/protocol';
import { allBatched, sampleBatch } from '@fieldline/protocol/testing';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRig, type GatewayRig } from '../gateway-rig.ts';

let rig: GatewayRig;
let token: string;
const nowUs = Date.now() * 1000;

beforeAll(async () => {
  rig = await startRig();
  token = readFileSync(join(rig.home, 'admin.token'), 'utf8').trim();
  const client = await rig.connect('lab-1', await rig.addDevice('lab-1'));
  await client.publishAsync(batchTopic('lab-1'), Buffer.from(encodeBatch(oneBatch())), { qos: 1 });
  await client.publishAsync(batchTopic('lab-1'), 'no batch', { qos: 1 });
  await client.endAsync();
  await until(async () => (await getJson('/api/v1/ledger')).total.stored === 3);
});
afterAll(() => rig.end());

describe('GET', () => {
  const schemas: readonly (readonly [string, TSchema])[] = [
    ['/api/v1/devices', DevicesAnswer],
    ['/api/v1/devices/lab-1', DeviceSummary],
    ['/api/v1/streams', StreamsAnswer],
    ['/api/v1/streams?device=lab-1', StreamsAnswer],
    ['/api/v1/query?stream=lab-1/adc/ch0', QueryAnswer],
    ['/api/v1/query?stream=lab-1/adc/ch0&stream=lab-1/adc/ch0', QuerySeriesAnswer],
    ['/api/v1/query?stream=*/adc/*&group=device&quantiles=false', QuerySeriesAnswer],
    ['/api/v1/query?stream=lab-1/adc/ch0&form=raw', QueryRawAnswer],
    ['/api/v1/ledger?device=lab-1', LedgerAnswer],
    ['/api/v1/pipeline', PipelineAnswer],
    ['/api/v1/dead-letters?device=lab-1&code=BATCH_UNDECODABLE&limit=1', DeadLettersAnswer],
    ['/api/v1/dead-letters/1', DeadLetter],
  ];
  test.each(schemas)('%s answers in its schema', async (path, schema) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect([...Value.Errors(schema, await response.json())]).toEqual([]);
  });

  test('query gives what was published', async () => {
    expect(await getJson('/api/v1/query?stream=lab-1/adc/ch0')).toMatchObject({
      unit: 'V',
      windowUs: 0,
      t: [nowUs - 3000, nowUs - 2000, nowUs - 1000],
      mean: [1.5, -2.5, 3.5],
    });
  });

  test('query gives several streams, groups and readings', async () => {
    const one = await getJson('/api/v1/query?stream=lab-1/adc/ch0');
    const all = await getJson('/api/v1/query?stream=*&points=1');
    expect(all.series).toMatchObject([{ stream: 'lab-1/adc/ch0', streams: ['lab-1/adc/ch0'], group: null, count: [3] }]); // prettier-ignore
    const grouped = await getJson('/api/v1/query?stream=*/adc/*&group=type&points=1');
    expect(grouped.series).toMatchObject([{ stream: 'type=adc', group: 'adc', unit: 'V', count: [3] }]);
    expect((await getJson('/api/v1/query?stream=*/adc/*&group=site')).series).toEqual([]);
    const raw = await getJson('/api/v1/query?stream=lab-1/adc/ch0&form=raw&points=2');
    expect(raw).toEqual({ stream: 'lab-1/adc/ch0', unit: 'V', t: one.t.slice(0, 2), v: one.mean.slice(0, 2), quality: [0, 0], nextT: one.t[2] }); // prettier-ignore
  });

  test('query counts readings by bins, whose edges must rise', async () => {
    const { histogram } = await getJson('/api/v1/query?stream=lab-1/adc/ch0&points=1&edges=-1e1,0,2');
    expect(histogram).toEqual({ edges: [-10, 0, 2], counts: [[0, 1, 1, 1]] });
    for (const edges of [
      '2,1',
      '1,1',
      '1e999',
      '1,,2',
      'x',
      Array.from({ length: 201 }, (_, at) => at).join(),
    ]) {
      expect((await get(`/api/v1/query?stream=lab-1/adc/ch0&edges=${edges}`)).status).toBe(400);
    }
  });

  test.each(['csv', 'ndjson', 'line', 'parquet'])(
    'export streams %s, and tells at its end how many rows came',
    async (format) => {
      const { status, headers, trailers, body } = await getStreamed(
        `/api/v1/export?stream=*&from=0&format=${format}`,
      );
      expect([status, headers['content-disposition']]).toEqual([
        200,
        `attachment; filename="fieldline.${format}"`,
      ]);
      expect(trailers).toEqual({ 'x-row-count': '3' });
      if (format === 'ndjson') expect(body.toString().trim().split('\n').map((line) => (JSON.parse(line) as { value: number }).value)).toEqual([1.5, -2.5, 3.5]); // prettier-ignore
      expect(body.length).toBeGreaterThan(100);
    },
  );

  test('an export whose reader leaves gives its place back', async () => {
    for (let round = 0; round < 4; round++) {
      await new Promise<void>((resolve, reject) => {
        const path = '/api/v1/export?stream=*&from=0&format=csv';
        const request = httpRequest(new URL(path, rig.gateway.httpUrl), (response) => {
          response.destroy();
          response.once('close', () => resolve());
        });
        request.on('error', reject).end();
      });
    }
    await expect
      .poll(async () => (await getStreamed('/api/v1/export?stream=*&from=0&format=csv')).status)
      .toBe(200);
  });

  test('query takes RFC 3339 and leaves out what is outside', async () => {
    const answer = await getJson(`/api/v1/query?stream=lab-1/adc/ch0&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z`); // prettier-ignore
    expect(answer.t).toEqual([]);
  });

  test('streams carry the newest value; devices their sensors', async () => {
    const { streams } = await getJson('/api/v1/streams');
    expect(streams).toMatchObject([
      { stream: 'lab-1/adc/ch0', unit: 'V', lastT: nowUs - 1000, lastValue: 3.5 },
    ]);
    expect(await getJson('/api/v1/devices/lab-1')).toMatchObject({ sensors: [{ id: 'adc', type: 'adc' }], streamCount: 1 }); // prettier-ignore
  });

  test('pipeline names the stages in the order of the drawing, with latencies', async () => {
    const pipeline = await getJson('/api/v1/pipeline');
    expect(pipeline.stages.map(({ name }: { name: string }) => name)).toEqual(['broker', 'ingest', 'journal', 'embedded', 'alerts', 'live']); // prettier-ignore
    expect(pipeline.latencyMs.sensorToStore.p50).toBeGreaterThan(0);
  });

  test('metrics are in Prometheus’s format', async () => {
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    expect(text).toContain('fieldline_stage_queued{stage="embedded"} 0');
    expect(text).toContain('process_resident_memory_bytes');
  });

  test.each(['/healthz', '/readyz'])('%s is well', async (path) => {
    expect((await get(path)).status).toBe(200);
  });

  test('about tells version, stores, schemas, and the ports that are open', async () => {
    const about = await getJson('/api/v1/about');
    expect([...Value.Errors(AboutAnswer, about)]).toEqual([]);
    expect(about.stores).toEqual(['embedded']);
    expect(about.ports.mqtt).toBe(Number(new URL(rig.gateway.mqttUrl).port));
    expect(about.ports.https).toBe(Number(new URL(rig.gateway.httpsUrl ?? '').port));
    expect(about.nowUs).toBeGreaterThanOrEqual(about.startedAtUs);
  });

  test('openapi.json describes every route that answers', async () => {
    const { paths } = await getJson('/api/v1/openapi.json');
    expect(Object.keys(paths).sort()).toEqual([
      '/api/v1/about',
      '/api/v1/alerts',
      '/api/v1/alerts/channels/{name}/test',
      '/api/v1/alerts/deliveries',
      '/api/v1/alerts/history',
      '/api/v1/alerts/rules',
      '/api/v1/alerts/rules/test',
      '/api/v1/alerts/rules/{id}',
      '/api/v1/alerts/silences',
      '/api/v1/alerts/silences/{id}',
      '/api/v1/alerts/{id}/acknowledge',
      '/api/v1/audit',
      '/api/v1/claim',
      '/api/v1/config-states',
      '/api/v1/dead-letters',
      '/api/v1/dead-letters/{id}',
      '/api/v1/dead-letters/{id}/discard',
      '/api/v1/dead-letters/{id}/payload',
      '/api/v1/dead-letters/{id}/replay',
      '/api/v1/devices',
      '/api/v1/devices/{id}',
      '/api/v1/devices/{id}/claim',
      '/api/v1/devices/{id}/config',
      '/api/v1/devices/{id}/config/dry-run',
      '/api/v1/devices/{id}/revoke',
      '/api/v1/export',
      '/api/v1/ledger',
      '/api/v1/openapi.json',
      '/api/v1/pipeline',
      '/api/v1/query',
      '/api/v1/renew',
      '/api/v1/session',
      '/api/v1/sinks/{name}/replay',
      '/api/v1/streams',
      '/api/v1/tokens',
      '/api/v1/tokens/{id}',
      '/api/v1/updates',
      '/api/v1/updates/bundles',
      '/api/v1/updates/bundles/{sha256}',
      '/api/v1/updates/offers',
      '/api/v1/updates/offers/{id}',
      '/api/v1/updates/versions/{version}',
      '/api/v1/users',
      '/api/v1/users/{name}',
      '/healthz',
      '/metrics',
      '/readyz',
    ]);
    for (const path of Object.keys(paths)) {
      // A bundle is for devices, over TLS alone: test/faults/update-over-the-air.test.ts.
      if (!paths[path].get || path.includes('{sha256}')) continue;
      const id = path.includes('dead-letters') ? '1' : 'lab-1';
      const response = await get(
        `${path.replace('{id}', id)}${/query$|export$/.test(path) ? '?stream=lab-1/adc/ch0&from=0'.concat(path.endsWith('export') ? '&format=csv' : '') : ''}`,
        { authorization: `Bearer ${token}` },
      );
      expect([path, response.status]).toEqual([path, 200]);
    }
  });
});

describe('problems', () => {
  const cases: readonly (readonly [string, number, string, string])[] = [
    ['/api/v1/nowhere', 404, 'API_NOT_FOUND', 'GET /api/v1/nowhere'],
    ['/api/v1/dead-letters/77', 404, 'DEAD_LETTER_UNKNOWN', '77'],
    ['/api/v1/dead-letters/77/payload', 404, 'DEAD_LETTER_UNKNOWN', '77'],
    ['/api/v1/dead-letters/x', 400, 'API_BAD_REQUEST', 'params/id'],
    ['/api/v1/devices/nobody', 404, 'API_DEVICE_UNKNOWN', 'nobody'],
    ['/api/v1/devices/..%2f..%2fetc', 400, 'API_BAD_REQUEST', 'params/id'],
    ['/api/v1/query?stream=a', 400, 'API_BAD_REQUEST', 'device/sensor/quantity'],
    ['/api/v1/query?stream=a/b/c', 404, 'QUERY_UNKNOWN_STREAM', 'a/b/c'],
    ["/api/v1/query?stream=a/b'%3b--/c", 404, 'QUERY_UNKNOWN_STREAM', "a/b';--/c"],
    ['/api/v1/export?stream=*&format=xls', 400, 'API_BAD_REQUEST', 'format'],
    ['/api/v1/export?stream=x/y/z&format=csv', 404, 'QUERY_UNKNOWN_STREAM', 'x/y/z'],
    ['/api/v1/query?stream=*/b/c', 404, 'QUERY_UNKNOWN_STREAM', '*/b/c'],
    ['/api/v1/query?stream=*&form=raw', 400, 'API_BAD_REQUEST', 'form'],
    ['/api/v1/query?stream=a/b/c&from=9&to=3', 400, 'QUERY_BAD_RANGE', 'from 9, to 3'],
    ['/api/v1/query?stream=a/b/c&from=soon', 400, 'API_BAD_REQUEST', '“soon”'],
    ['/api/v1/query?stream=a/b/c&points=1e9', 400, 'API_BAD_REQUEST', 'points'],
    ['/api/v1/streams?devise=x', 400, 'API_BAD_REQUEST', '“devise”'],
  ];
  test.each(cases)('GET %s is %i %s', async (path, status, code, detail) => {
    const response = await get(path);
    const body = JSON.parse(await response.text());
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect([...Value.Errors(Problem, body)]).toEqual([]);
    expect(body).toMatchObject({ status, code });
    expect(body.detail).toContain(detail);
    expect(response.status).toBe(status);
  });

  test('what changes something needs the token, and says how to send it', async () => {
    for (const authorization of [undefined, 'Bearer wrong', `Basic ${token}`, `bearer ${token}`, 'Bearer ']) {
      const response = await post('/api/v1/devices', { name: 'x' }, authorization);
      expect([authorization, response.status]).toEqual([authorization, 401]);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect((await get('/api/v1/devices/x')).status).toBe(404);
  });

  test('a body that is too large, no JSON, or of another shape is refused', async () => {
    const bearer = `Bearer ${token}`;
    expect((await post('/api/v1/devices', { name: 'x'.repeat(70_000) }, bearer)).status).toBe(413);
    expect((await post('/api/v1/devices', { name: 'Not A Name' }, bearer)).status).toBe(400);
    expect((await post('/api/v1/devices', { name: 'x', admin: true }, bearer)).status).toBe(400);
  });

  test('another Host header is refused, whatever it asks for', async () => {
    expect(await statusWithHost('evil.example')).toBe(403);
    expect(await statusWithHost('evil.example:80@127.0.0.1')).toBe(403);
    expect(await statusWithHost('localhost:8080')).toBe(200);
    expect(await statusWithHost('[::1]:8080')).toBe(200);
  });
});

test('POST adds a device, once, and revokes it', async () => {
  const bearer = `Bearer ${token}`;
  const added = await post('/api/v1/devices', { name: 'new-1' }, bearer);
  expect(added.status).toBe(201);
  expect([...Value.Errors(DeviceCredential, await added.json())]).toEqual([]);
  expect((await post('/api/v1/devices', { name: 'new-1' }, bearer)).status).toBe(409);
  const revoked = await post('/api/v1/devices/new-1/revoke', {}, bearer);
  expect(await revoked.json()).toMatchObject({ id: 'new-1', revoked: true });
});

test('every answer forbids inline scripts and styles, sniffing and framing', async () => {
  const { headers } = await get('/api/v1/devices');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("style-src 'self';");
  expect(policy).not.toContain('unsafe');
  expect(policy).toContain("frame-ancestors 'none'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${rig.gateway.httpUrl}${path}`, { headers });
const getJson = async (path: string) => JSON.parse(await (await get(path)).text());

function post(path: string, body: object, authorization?: string): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    ...(authorization === undefined ? {} : { authorization }),
  };
  return fetch(`${rig.gateway.httpUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** `fetch` does not let its caller choose the Host header. */
function statusWithHost(host: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  httpRequest(`${rig.gateway.httpUrl}/healthz`, { headers: { host } }, (response) => {
    response.resume();
    resolve(response.statusCode);
  })
    .on('error', reject)
    .end();
  return promise;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}

/** An answer with what comes behind it, which `fetch` does not show. */
async function getStreamed(path: string) {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    httpRequest(new URL(path, rig.gateway.httpUrl), resolve).on('error', reject).end(),
  );
  const body = await buffer(response);
  return { status: response.statusCode, headers: response.headers, trailers: response.trailers, body };
}

function oneBatch(): Batch {
  const t = Float64Array.of(nowUs - 3000, nowUs - 2000, nowUs - 1000);
  const v = Float64Array.of(1.5, -2.5, 3.5);
  return sampleBatch({
    sentAt: nowUs,
    sensors: [{ sensor: 'adc', type: 'adc', kind: 'readings', t, fields: { ch0: { unit: 'V', v } } }],
    ledger: { 'adc/ch0': allBatched(3) },
  });
}
