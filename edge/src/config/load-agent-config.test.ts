import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drivers } from '../drivers/registry.ts';
import { AgentFile } from './agent-schema.ts';
import { sensorSchema } from './check-shape.ts';
import { loadAgentConfig } from './load-agent-config.ts';

const sample = new URL('../../config/agent.yaml', import.meta.url).pathname;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

const minimal = `device: a-1
gateway: { url: 'mqtt://h', password: p }
dataDir: ./data
sensors:
  - id: air
    driver: thermometer
    port: /dev/x
`;

async function load(text: string, environment = {}): ReturnType<typeof loadAgentConfig> {
  const path = join(folder, 'agent.yaml');
  await writeFile(path, text);
  return loadAgentConfig(path, environment);
}

async function failure(text: string): Promise<{ code: string; message: string }> {
  const error: unknown = await load(text).catch((cause: unknown) => cause);
  if (!(error instanceof FieldlineError)) throw new Error(`expected an error, got ${JSON.stringify(error)}`);
  return { code: error.code, message: error.message.replaceAll(folder, '') };
}

describe('the sample configuration', () => {
  it('is valid', async () => {
    const config = await loadAgentConfig(sample, {});
    expect(config.sensors.map(({ id, type }) => [id, type])).toEqual([
      ['air', 'thermometer'],
      ['position', 'gnss'],
      ['shaft', 'adc'],
      ['battery', 'adc'],
      ['boiler', 'w1'],
      ['cpu', 'hwmon'],
      ['agent', 'agent'],
      ['weather', 'line'],
      ['room', 'line'],
      ['outside', 'http'],
      ['meter', 'modbus-rtu'],
    ]);
    expect(config.sensors[0]?.streams[0]).toMatchObject({
      quantity: 'temperature',
      window: '10s',
      windowUs: 1e7,
      sketch: true,
    });
  });

  it('is still valid with every commented key in force, but for the alternatives', async () => {
    const text = await readFile(sample, 'utf8');
    const alternatives = /# (passwordFile|claim|usb):/;
    const lines = text
      .split('\n')
      .map((line) =>
        /^ *# [a-zA-Z]+: /.test(line) && !alternatives.test(line) ? line.replace('# ', '') : line,
      );
    await load(lines.filter((line) => !/^ *(none|Default|Settings): /.test(line)).join('\n'));
  });

  it('shows every key of the schema', async () => {
    const text = await readFile(sample, 'utf8');
    const schemas = [AgentFile, ...drivers.map(sensorSchema)];
    const keys = new Set(
      schemas.flatMap((schema) =>
        [...JSON.stringify(schema).matchAll(/"(\w+)":\{"(?:type|anyOf|~)/g)].map((match) => match[1]),
      ),
    );
    for (const schema of schemas) for (const key of Object.keys(schema.properties)) keys.add(key);
    keys.delete('items');
    keys.delete('properties');
    for (const key of keys) expect(text, `key ${key}`).toMatch(new RegExp(`\\b${key}:`));
  });
});

describe('the sample of each driver', () => {
  it.each(drivers.map(({ name }) => name))('%s is valid', async (name) => {
    const path = new URL(`../drivers/${name}/sample.yaml`, import.meta.url).pathname;
    const { sensors } = await loadAgentConfig(path, {});
    expect(sensors.every(({ type }) => type === name)).toBe(true);
  });
});

describe('a configuration', () => {
  it('has defaults for all that it leaves out', async () => {
    const config = await load(minimal);
    expect(config).toMatchObject({
      flushUs: 1e6,
      keepaliveSec: 10,
      outbox: { maxBytes: 256e6, maxAgeUs: 2.592e12 },
    });
    expect(config.dataDir).toBe(join(folder, 'data'));
    expect(config.sensors[0]?.streams).toEqual([
      { quantity: 'temperature', unit: 'Cel', window: 'none', windowUs: 0, sketch: false },
    ]);
  });

  it('is overridden by the environment', async () => {
    const config = await load(minimal, {
      FIELDLINE_DEVICE: 'b-2',
      FIELDLINE_GATEWAY_PASSWORD: 'q',
      FIELDLINE_FLUSH: '50ms',
    });
    expect(config).toMatchObject({ device: 'b-2', gateway: { password: 'q' }, flushUs: 50_000 });
  });

  it('reads the password from a file, and never reports it', async () => {
    await writeFile(join(folder, 'secret'), 'hush\n');
    const config = await load(minimal.replace('password: p', 'passwordFile: secret'));
    expect(config.gateway.password).toBe('hush');
    expect(JSON.stringify(config.reported)).not.toMatch(/hush|secret/);
    expect(
      JSON.stringify((await load(minimal.replace('password: p', 'password: hush'))).reported),
    ).not.toMatch(/hush/);
  });

  it('takes a claim in the place of a password, and finds where it is traded', async () => {
    const claim = `greenhouse-1.${'p'.repeat(43)}.${'s'.repeat(43)}`;
    const config = await load(minimal.replace('password: p', `claim: ${claim}`));
    const { hostname } = new URL(config.gateway.url);
    expect(config.local.claim).toEqual({ claim, url: `https://${hostname}:8443` });
    expect(config.gateway.password).toBe('');
    expect(JSON.stringify(config.reported)).not.toContain(claim);
    await expect(load(minimal.replace('password: p', `password: p, claim: ${claim}`))).rejects.toThrow(
      'Give either',
    );
  });

  it.each([
    [
      'an unknown key, with the nearest known one',
      `${minimal}flsh: 1s\n`,
      'CONFIG_UNKNOWN_KEY',
      /:8:\d+ flsh: .*did you mean "flush"/,
    ],
    [
      'an unknown key of a sensor',
      `${minimal}    baudrate: 9600\n`,
      'CONFIG_UNKNOWN_KEY',
      /agent.yaml:8:\d+ sensors\[0\].baudrate: .*"baudRate"/,
    ],
    ['a key of another driver', `${minimal}    channels: []\n`, 'CONFIG_UNKNOWN_KEY', /"channels" /],
    [
      'an unknown quantity',
      `${minimal}    streams: { temprature: {} }\n`,
      'CONFIG_UNKNOWN_KEY',
      /did you mean "temperature"/,
    ],
    [
      'an unknown driver',
      minimal.replace('thermometer', 'barometer'),
      'SOURCE_DRIVER_UNKNOWN',
      /thermometer, gnss, adc/,
    ],
    [
      'a unit outside of the registry',
      `${minimal}    streams: { temperature: { unit: Celsius } }\n`,
      'CONFIG_INVALID_VALUE',
      /"Celsius" is not a unit/,
    ],
    [
      'a window that is no duration',
      `${minimal}    window: 10\n`,
      'CONFIG_INVALID_VALUE',
      /:8:\d+ sensors\[0\].window/,
    ],
    [
      'an impossible window',
      `${minimal}    window: 0s\n`,
      'CONFIG_INVALID_VALUE',
      /window: .*0s is not between/,
    ],
    ['a device id with capitals', minimal.replace('a-1', 'A 1'), 'CONFIG_INVALID_VALUE', /:1:9 device/],
    ['a missing key', minimal.replace('dataDir: ./data\n', ''), 'CONFIG_INVALID_VALUE', /dataDir/],
    [
      'two sensors of one id',
      `${minimal}  - { id: air, driver: thermometer, port: /dev/y }\n`,
      'CONFIG_INVALID_VALUE',
      /sensors\[1\].id/,
    ],
    [
      'a port and a USB identity',
      `${minimal}    usb: { vendorId: "1a86" }\n`,
      'CONFIG_INVALID_VALUE',
      /either `port` or `usb`/,
    ],
    ['a file that is no YAML', 'device: [', 'CONFIG_NOT_YAML', /agent.yaml:1:\d+/],
    ['an empty file', '', 'CONFIG_INVALID_VALUE', /agent.yaml/],
  ])('is refused for %s', async (_what, text, code, message) => {
    const error = await failure(text);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('names a file that is not there', async () => {
    await expect(loadAgentConfig(join(folder, 'none.yaml'), {})).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
    });
  });
});
