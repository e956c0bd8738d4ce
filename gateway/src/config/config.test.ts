import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkOptions } from './check-options.ts';
import { GatewayFile } from './gateway-schema.ts';
import { loadGatewayConfig } from './load-gateway-config.ts';
import { defaultInfluxDatabase, defaultLimits, defaultListen, resolveConfig } from './resolve-config.ts';
import { defaultSecureListen, defaultTls } from './resolve-tls.ts';

const samplePath = resolve(import.meta.dirname, '../../config/gateway.yaml');
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fieldline-config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

async function load(yaml: string, environment: NodeJS.ProcessEnv = {}) {
  const path = join(directory, 'gateway.yaml');
  writeFileSync(path, yaml);
  return loadGatewayConfig(path, environment);
}

/** Every key path of the schema: `mqtt.port`. */
function keysOf(schema: object, prefix = ''): string[] {
  const properties: unknown = Reflect.get(schema, 'properties');
  if (typeof properties !== 'object' || properties === null) return [prefix.slice(0, -1)];
  return Object.entries(properties).flatMap(([key, each]: [string, unknown]) =>
    typeof each === 'object' && each !== null ? keysOf(each, `${prefix}${key}.`) : [],
  );
}

/** The sample with every commented setting made a real one: lines whose comment looks like `# key: value`. */
function uncommented(): unknown {
  const text = readFileSync(samplePath, 'utf8').replaceAll(
    /^( *)# ( *[a-z][a-zA-Z]*:( [^A-Z].*)?)$/gm,
    '$1$2',
  );
  return parse(text);
}

describe('the annotated sample', () => {
  test('can be used as it is', async () => {
    const options = await loadGatewayConfig(samplePath, {});
    expect(resolveConfig(options, {})).toMatchObject({ stores: ['embedded'] });
  });

  test('names every key of the schema, and no other', () => {
    const sample = checkOptions(uncommented(), 'sample');
    const missing = keysOf(GatewayFile).filter((path) => {
      const value = path
        .split('.')
        .reduce<unknown>((at, key) => (at ? Reflect.get(Object(at), key) : at), sample);
      return value === undefined;
    });
    expect(missing).toEqual([]);
  });

  test('shows the defaults', () => {
    const { limits, http, mqtt, https, mqtts, tls, influxdb } = checkOptions(uncommented(), 'sample');
    expect(limits).toEqual(defaultLimits);
    expect({ http, mqtt }).toEqual({
      http: { ...defaultListen.http, insecure: false, allowedHosts: [] },
      mqtt: { ...defaultListen.mqtt, insecure: false },
    });
    expect({ https, mqtts }).toEqual({
      https: { ...defaultSecureListen.https, enabled: true },
      mqtts: { ...defaultSecureListen.mqtts, enabled: true },
    });
    expect(tls).toMatchObject({ ...defaultTls, names: [] });
    expect(influxdb?.database).toBe(defaultInfluxDatabase);
  });
});

describe('loadGatewayConfig', () => {
  test.each([
    ['an unknown key', 'prot: 1', 'CONFIG_UNKNOWN_KEY', /prot/],
    [
      'an unknown key inside, with the nearest',
      'mqtt: {prt: 1}',
      'CONFIG_UNKNOWN_KEY',
      /mqtt\.prt.*did you mean "port"/,
    ],
    ['a value of the wrong kind', 'mqtt: {port: high}', 'CONFIG_INVALID_VALUE', /mqtt\.port/],
    ['a store that does not exist', 'stores: [postgres]', 'CONFIG_INVALID_VALUE', /stores/],
    ['a file that is no mapping', '- 1', 'CONFIG_INVALID_VALUE', /gateway\.yaml/],
    ['what is not YAML', 'mqtt: [', 'CONFIG_NOT_YAML', /gateway\.yaml:1:/],
  ])('refuses %s', async (_name, yaml, code, message) => {
    await expect(load(yaml)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('refuses a file that is not there', async () => {
    await expect(loadGatewayConfig(join(directory, 'none.yaml'), {})).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
    });
  });

  test('lays the environment over the file, and takes paths relative to the file', async () => {
    const options = await load('home: data\nmqtt: {port: 1, host: 127.0.0.2}', {
      FIELDLINE_MQTT_PORT: '0',
      FIELDLINE_INFLUX_URL: 'http://127.0.0.1:8086',
      FIELDLINE_INFLUX_DATABASE: 'test',
    });
    expect(options).toEqual({
      home: join(directory, 'data'),
      mqtt: { port: 0, host: '127.0.0.2' },
      influxdb: { url: 'http://127.0.0.1:8086', database: 'test' },
    });
    expect(resolveConfig(options, {}).stores).toEqual(['influxdb']);
  });

  test('names the variable that holds a wrong value', async () => {
    await expect(load('', { FIELDLINE_HTTP_PORT: 'eighty' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID_VALUE',
      subject: 'FIELDLINE_HTTP_PORT',
    });
  });
});

describe('resolveConfig', () => {
  test.each([
    ['limits.batchBytes', { limits: { batchBytes: 'much' } }],
    ['limits.drain', { limits: { drain: '10 minutes' } }],
    ['stores', { stores: ['influxdb' as const] }],
    ['http.host', { http: { host: '0.0.0.0' } }],
    ['influxdb.url', { influxdb: { url: 'ftp://127.0.0.1' } }],
    ['influxdb.keepMinutes', { influxdb: { url: 'http://127.0.0.1', keepMinutes: '59m' } }],
    ['influxdb.keepHours', { influxdb: { url: 'http://127.0.0.1', keepHours: '10d' } }],
    ['influxdb.keepReadings', { influxdb: { url: 'http://127.0.0.1', keepReadings: '30m' } }],
    ['influxdb.keepReadings', { influxdb: { url: 'http://127.0.0.1', keepReadings: '90d', token: 't' } }],
    ['influxdb.keepHours', { influxdb: { url: 'http://127.0.0.1', keepReadings: '90d', keepMinutes: '1d', keepHours: '30d' } }], // prettier-ignore
  ])('refuses a senseless %s', (subject, options) => {
    expect(() => resolveConfig(options, {})).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID_VALUE', subject }),
    );
  });

  test('takes the home from the environment, and an insecure address when it is wanted', () => {
    const config = resolveConfig(
      { http: { host: '0.0.0.0', insecure: true } },
      { FIELDLINE_HOME: '/srv/fieldline' },
    );
    expect(config).toMatchObject({
      home: '/srv/fieldline',
      http: { host: '0.0.0.0', port: 8080 },
      stores: ['embedded'],
    });
  });
});
