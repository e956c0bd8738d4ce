import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type RunningGateway } from '@fieldline/gateway';
import { Ajv2020 } from 'ajv/dist/2020.js';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { curlProgram, runProgram } from '../services/real-clients.ts';
import { eventually } from '../services/wait.ts';

interface Media {
  readonly schema?: object;
}

interface Operation {
  readonly parameters: readonly { name: string; in: string; required: boolean }[];
  readonly 'x-fieldline-role'?: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const device = 'lab-1';
const startUs = 1_767_225_600_000_000;

/** Values for the parameters that a route needs, so that its answer holds something. */
const parameters: Readonly<Record<string, string>> = {
  ...{ stream: `${device}/air/temperature`, from: String(startUs), to: String(startUs + 60_000_000) },
  ...{ format: 'csv', device },
};

/** What devices fetch over TLS alone, with a ticket: test/faults/update-over-the-air.test.ts. */
const forDevices: readonly string[] = ['/api/v1/updates/bundles/{sha256}'];

/** Bodies with which a route that writes does what it is for; the others are sent an empty one. */
const bodies: Readonly<Record<string, object>> = {
  'POST /api/v1/devices': { name: 'lab-2' },
  'PUT /api/v1/alerts/rules/{id}': {
    ...{ name: 'Too warm', enabled: true, severity: 'warning', for: '0s', deliverTo: [], remedy: '' },
    condition: { kind: 'threshold', streams: '*/air/temperature', is: 'above', limit: 30 },
  },
  'POST /api/v1/tokens': { name: 'reader', scopes: ['viewer'] },
  'POST /api/v1/users': { name: 'ann', password: 'correct horse battery', role: 'viewer' },
};

/** The table of routes, asked by curl; every answer held against the document by a validator that is not ours. */
describe.skipIf(curlProgram.missing)('every route of the OpenAPI document', () => {
  let folder: string;
  let gateway: RunningGateway;
  let token: string;
  let document: OpenApi;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldline-curl-'));
    const ports = { http: { port: 0 }, mqtt: { port: 0 } };
    gateway = await startGateway({ home: folder, ...ports, logLevel: 'silent' }, { environment: {} });
    token = (await readFile(join(folder, 'admin.token'), 'utf8')).trim();
    const { password } = JSON.parse((await curl('POST', '/api/v1/devices', { name: device })).body);
    const client = await mqtt.connectAsync(gateway.mqttUrl, { clientId: device, username: device, password });
    await client.publishAsync(`fieldline/v1/${device}/batch`, batchText(), { qos: 1 });
    await client.publishAsync(`fieldline/v1/${device}/batch`, '{"v":1,', { qos: 1 });
    await client.endAsync();
    document = JSON.parse((await curl('GET', '/api/v1/openapi.json')).body);
    await eventually('the reading', async () => {
      const { total } = JSON.parse((await curl('GET', '/api/v1/ledger')).body);
      return total.stored === 1 ? true : undefined;
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Asks as a person at a shell would. */
  async function curl(method: string, path: string, body?: object, as: string = token) {
    const { stdout, stderr, code } = await runProgram(curlProgram.path, [
      ...['--silent', '--show-error', '--request', method, '--write-out', '\n%{http_code} %{content_type}'],
      ...['--header', `authorization: Bearer ${as}`],
      ...(body === undefined
        ? []
        : ['--header', 'content-type: application/json', '--data', JSON.stringify(body)]),
      `${gateway.httpUrl}${path}`,
    ]);
    expect([stderr, code]).toEqual(['', 0]);
    const cut = stdout.lastIndexOf('\n');
    const [status = '', type = ''] = stdout.slice(cut + 1).split(' ');
    return { status, type: type.replace(/;.*/, ''), body: stdout.slice(0, cut) };
  }

  function operations(): [method: string, path: string, operation: Operation][] {
    return Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
        method.toUpperCase(),
        path,
        operation,
      ]),
    );
  }

  /** The path with its parameters, and the query that the route cannot do without. */
  function addressOf(path: string, { parameters: declared }: Operation): string {
    const id = path.includes('/dead-letters/') ? '1' : device;
    const query = declared
      .filter((each) => each.in === 'query' && each.required)
      .map(({ name }): [string, string] => [name, parameters[name] ?? 'x']);
    const filled = path.replaceAll(/\{[^}]+\}/g, id);
    return query.length === 0 ? filled : `${filled}?${new URLSearchParams(query).toString()}`;
  }

  /** What the document says of the answer, and what is wrong with it: nothing. */
  function expectDescribed(
    asked: string,
    operation: Operation,
    answer: { status: string; type: string; body: string },
  ): void {
    const response = operation.responses[answer.status];
    expect([asked, answer.status, response === undefined]).toEqual([asked, answer.status, false]);
    if (response?.content === undefined) return;
    const types = Object.keys(response.content);
    expect([asked, answer.status, types]).toEqual([
      asked,
      answer.status,
      expect.arrayContaining([answer.type]),
    ]);
    const { schema } = response.content[answer.type] ?? {};
    if (!schema) return;
    const validate = ajv.compile({ ...schema, components: document.components });
    validate(JSON.parse(answer.body));
    expect([asked, answer.status, validate.errors ?? []]).toEqual([asked, answer.status, []]);
  }

  test('that reads answers 200, as it is described', async () => {
    const reading = operations().filter(([method, path]) => method === 'GET' && !forDevices.includes(path));
    expect(reading.length).toBeGreaterThan(20);
    for (const [method, path, operation] of reading) {
      const answer = await curl(method, addressOf(path, operation));
      expect([path, answer.status]).toEqual([path, '200']);
      expectDescribed(`${method} ${path}`, operation, answer);
    }
  });

  test.each([
    ['ndjson', 'application/x-ndjson'],
    ['parquet', 'application/vnd.apache.parquet'],
    ['line', 'text/plain'],
  ])('exports as %s in a form that is described', async (format, type) => {
    const operation = document.paths['/api/v1/export']?.['get'];
    const query = new URLSearchParams({ ...parameters, format });
    query.delete('device');
    const answer = await curl('GET', `/api/v1/export?${query.toString()}`);
    expect(answer).toMatchObject({ status: '200', type });
    expect(Object.keys(operation?.responses['200']?.content ?? {})).toContain(type);
  });

  test('that changes something, or is an administrator’s, refuses an unknown token, as it is described', async () => {
    for (const [method, path, operation] of operations()) {
      const role = operation['x-fieldline-role'];
      // What a viewer may read is open on the own machine.
      if (role === undefined || role === 'viewer') continue;
      const body = method === 'GET' ? undefined : {};
      const answer = await curl(method, addressOf(path, operation), body, 'nobody');
      expect([method, path, answer.status]).toEqual([method, path, '401']);
      expectDescribed(`${method} ${path}`, operation, answer);
    }
  });

  test('that writes answers what it describes, to what it is for and to an empty body', async () => {
    for (const [method, path, operation] of operations()) {
      if (method === 'GET') continue;
      const name = `${method} ${path}`;
      const wanted = bodies[name];
      const answer = await curl(method, addressOf(path, operation), wanted ?? {});
      expectDescribed(name, operation, answer);
      if (wanted) expect([name, answer.status]).toEqual([name, expect.stringMatching(/^2/)]);
    }
  });
});

function batchText(): string {
  return JSON.stringify({
    ...{ v: 1, device, epoch: 'e', seq: 1, bootId: 'b', sentAt: startUs, clock: 'synced', configVersion: 0 },
    lane: 'live',
    sensors: [
      {
        ...{ sensor: 'air', type: 'thermometer', kind: 'readings', t: [startUs] },
        fields: { temperature: { unit: 'Cel', v: [21] } },
      },
    ],
    ledger: { 'air/temperature': { taken: 1, filtered: 0, refused: 0, lost: 0, open: 0, batched: 1 } },
  });
}
