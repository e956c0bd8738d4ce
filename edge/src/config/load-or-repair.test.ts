import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppliedStore } from './applied-store.ts';
import { loadOrRepair } from './load-or-repair.ts';
import { readDesired } from './desired-config.ts';
import { startingConfig } from './starting-config.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-repair-'));
  path = join(folder, 'agent.yaml');
});
afterEach(() => rm(folder, { recursive: true }));

const good = `device: a-1
gateway: { url: 'mqtt://h', password: p }
dataDir: ./data
sensors: [ { id: air, driver: thermometer, port: /dev/x } ]
`;
const identity = { device: 'a-1', gateway: { url: 'mqtt://h', password: 'p' } };

describe('a file that cannot run', () => {
  it.each([
    ['a sensor that is wrong', good.replace('thermometer', 'thermometre'), 'sensors[0].driver'],
    ['an unknown key', `${good}flsh: 1s\n`, 'flsh'],
    ['a duration that is none', `${good}flush: soon\n`, 'flush'],
    ['YAML that breaks off behind the identity', `${good}tags: { site: [\n`, ''],
  ])('still tells who the device is: %s', async (_what, text, errorPath) => {
    await writeFile(path, text);
    const config = await loadOrRepair(path, {});
    expect(config).toMatchObject({ ...identity, sensors: [], dataDir: join(folder, 'data') });
    expect(config.errors.map((each) => each.path)).toContain(errorPath);
    expect(config.failure).toMatch(/agent\.yaml.*\[[A-Z_]+\]$/s);
  });

  it('is made up for by the last good start, or by the environment', async () => {
    await writeFile(path, 'gateway: [');
    await expect(loadOrRepair(path, {})).rejects.toMatchObject({ code: 'CONFIG_NOT_YAML' });
    const environment = {
      FIELDLINE_DEVICE: 'a-1',
      FIELDLINE_GATEWAY_URL: 'mqtt://h',
      FIELDLINE_GATEWAY_PASSWORD: 'p',
    };
    expect(await loadOrRepair(path, environment)).toMatchObject(identity);
    const store = await AppliedStore.open(join(folder, 'data'));
    await store.saveIdentity({ device: 'a-1', url: 'mqtt://h', password: 'p' });
    expect(await loadOrRepair(path, {})).toMatchObject(identity);
    await rm(path);
    expect((await loadOrRepair(path, {})).errors[0]?.reason).toContain('CONFIG_UNREADABLE');
  });
});

describe('the start', () => {
  it('is with the configuration that proved itself, and takes back one that was on trial', async () => {
    await writeFile(path, good);
    const local = await loadOrRepair(path, {});
    const store = await AppliedStore.open(local.dataDir);
    expect(await startingConfig(store, local)).toMatchObject({ version: 0, answer: { state: 'applied' } });
    const running = { version: 4, config: { flush: '2s', sensors: [] } };
    await store.save({ running, trial: { version: 5, config: { sensors: [] }, digest: 'd' } });
    const again = await AppliedStore.open(local.dataDir);
    const start = await startingConfig(again, local);
    expect(start).toMatchObject({ version: 4, answer: { version: 5, state: 'rolled-back' } });
    expect(start.config).toMatchObject({ flushUs: 2e6, ...identity });
    expect((await AppliedStore.open(local.dataDir)).state.trial).toBeUndefined();
  });
});

describe('a configuration from afar', () => {
  it('may bring another gateway, and may not change who the device is or name its files', async () => {
    await writeFile(path, good);
    const { local } = await loadOrRepair(path, {});
    const sensors: never[] = [];
    const moved = readDesired({ gateway: { url: 'mqtt://other', password: 'q' }, sensors }, local);
    expect(moved).toMatchObject({ ok: true, config: { gateway: { url: 'mqtt://other', password: 'q' } } });
    expect(readDesired({ sensors, dataDir: 'data', device: 'a-1' }, local)).toMatchObject({
      ok: true,
      config: { ...identity, dataDir: join(folder, 'data') },
    });
    const wrong = {
      device: 'b',
      dataDir: '/',
      gateway: { passwordFile: '/etc/shadow', claimUrl: 'https://evil.example' },
      sensors,
    };
    const refused = readDesired(wrong, local);
    expect(refused).toMatchObject({
      ok: false,
      errors: [
        { path: 'device' },
        { path: 'dataDir' },
        { path: 'gateway.passwordFile' },
        { path: 'gateway.claim' },
      ],
    });
    for (const nothing of [null, [], 'x', 7, {}, { gateway: 7, sensors }])
      expect(readDesired(nothing, local).ok).toBe(false);
  });

  it('obeys the environment of the device', async () => {
    await writeFile(path, good);
    const { local } = await loadOrRepair(path, { FIELDLINE_GATEWAY_URL: 'mqtt://pinned' });
    const outcome = readDesired({ gateway: { url: 'mqtt://other' }, sensors: [] }, local);
    expect(outcome).toMatchObject({ ok: true, config: { gateway: { url: 'mqtt://pinned', password: 'p' } } });
  });
});
