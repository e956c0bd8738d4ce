import { createServer } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { influxdProgram, startInfluxd, type Influxd } from '../../services/influxd.ts';
import { runFieldline } from '../../services/run-fieldline.ts';
import { eventually } from '../../services/wait.ts';
import { startBatchSender } from './batch-sender.ts';
import { startGatewayView } from './gateway-view.ts';

/** Both stores: the embedded one is asked, and stores whatever becomes of InfluxDB. */
const stores = 'embedded,influxdb';

/** The gateway comes up, tells once, says so on /readyz, counts, and goes on taking and storing. */
async function expectTold(env: NodeJS.ProcessEnv, code: string, about: string): Promise<void> {
  const gateway = await startGatewayView({ FIELDLINE_STORES: stores, ...env });
  try {
    const { msg } = await gateway.process.told(code, about);
    expect(msg).toMatch(/influxdb\.(url|username)/);
    expect(msg).not.toContain('secret');
    const { status, problems } = await gateway.readiness();
    expect(status).toBe('not ready');
    expect(problems.join()).toContain(`[${code}]`);
    const errors = (): Promise<number> => gateway.counter('fieldline_stage_errors_total', 'stage="influxdb"');
    await eventually('the failed attempts counted', async () => ((await errors()) > 0 ? true : undefined));
    const sender = await startBatchSender(gateway, 'porch');
    await sender.expectNextStored();
    await sender.end();
  } finally {
    // In order it would wait for InfluxDB until the end of its patience.
    await gateway.end('SIGKILL');
  }
}

test('a port where nothing listens', () =>
  expectTold({ FIELDLINE_INFLUX_URL: 'http://127.0.0.1:2' }, 'INFLUX_UNREACHABLE', 'http://127.0.0.1:2/: '));

test('a host that is nobody', () =>
  expectTold(
    { FIELDLINE_INFLUX_URL: 'http://nobody.invalid:8086' },
    'INFLUX_UNREACHABLE',
    'http://nobody.invalid:8086/: ',
  ));

test('a server that is no InfluxDB', async () => {
  const server = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  await expectTold({ FIELDLINE_INFLUX_URL: url }, 'INFLUX_NOT_INFLUX', `${url}/: `);
  const { stdout } = await runFieldline(['doctor', '--json'], { FIELDLINE_INFLUX_URL: url });
  expect(stdout).toContain(`what answers at ${url}/ is no InfluxDB`);
  server.close();
});

describe.skipIf(influxdProgram.missing)('an InfluxDB with users', () => {
  let influxd: Influxd;

  beforeAll(async () => {
    influxd = await startInfluxd({ auth: true });
    const q = "CREATE USER admin WITH PASSWORD 'right' WITH ALL PRIVILEGES";
    const created = await fetch(new URL('/query', influxd.url), {
      method: 'POST',
      body: new URLSearchParams({ q }),
    });
    expect(created.status).toBe(200);
  });
  afterAll(() => influxd.remove());

  test('refuses a wrong password', () =>
    expectTold(
      {
        FIELDLINE_INFLUX_URL: influxd.url,
        FIELDLINE_INFLUX_USERNAME: 'admin',
        FIELDLINE_INFLUX_PASSWORD: 'secret',
      },
      'INFLUX_UNAUTHORIZED',
      influxd.url,
    ));

  test('is found by doctor, which does not show the password', async () => {
    const url = influxd.url.replace('//', '//admin:secret@');
    const { stdout } = await runFieldline(['doctor', '--json'], { FIELDLINE_INFLUX_URL: url });
    expect(stdout).toContain(`at ${influxd.url}/`);
    expect(stdout).not.toContain('secret');
  });
});
