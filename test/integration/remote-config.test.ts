import { createServer, type AddressInfo } from 'node:net';
import type { Batch, DryRunAnswer, LedgerAnswer, WindowsBlock } from '@fieldline/protocol';
import { createAdc, type Sensor, type VirtualSensor } from '@fieldline/simulators';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readRecord } from '../services/records.ts';
import { RemoteRig } from '../services/remote-rig.ts';
import { eventually } from '../services/wait.ts';

let rig: RemoteRig;

beforeEach(async () => {
  rig = new RemoteRig();
  await rig.startGateway();
});
afterEach(() => rig.end());

/** A thermometer that counts, so that a reading that is lost or doubled cannot be taken for another. */
function counter(ratePerSec: number): Sensor {
  let said = 0;
  const say = (value: number) => ({
    bytes: Buffer.from(`${value.toFixed(2)}\r\n`),
    readings: { temperature: value },
  });
  return {
    kind: 'thermometer',
    terminator: Buffer.from('\r\n'),
    next: () => ({ frame: say(said++ / 4), untilNextMs: 1000 / ratePerSec }),
    say,
  };
}

function thermometer(id: string, keys: object = {}): object {
  return { id, driver: 'thermometer', port: rig.port(id), ...keys };
}

interface Row {
  readonly version: number;
  readonly window: string;
  readonly start: number;
  readonly end: number;
  readonly partial: boolean;
  readonly count: number;
  readonly sum: number;
  readonly first: number;
  readonly last: number;
}

/** Every reading and window of a sensor in the order in which it was batched; a reading is a window of one. */
function rowsOf(batches: readonly Batch[], sensor: string): Row[] {
  return batches.flatMap(({ sensors, configVersion: version }) =>
    sensors.flatMap((block): Row[] => {
      if (block.sensor !== sensor || block.kind === 'gaps' || block.extra === true) return [];
      if (block.kind === 'windows') return windowRows(block, version);
      const v = [...(block.fields['temperature']?.v ?? [])];
      const of = { version, window: 'none', partial: false, count: 1 };
      return v.map((sum, row) => {
        const start = block.t[row] ?? 0;
        return { ...of, start, end: start, sum, first: sum, last: sum };
      });
    }),
  );
}

function windowRows({ fields, window, ...block }: WindowsBlock, version: number): Row[] {
  const field = fields['temperature'];
  if (field === undefined) return [];
  return Array.from(field.count, (count, row) => ({
    version,
    window,
    start: block.start[row] ?? 0,
    end: block.end[row] ?? 0,
    partial: block.partial?.[row] === 1,
    count,
    sum: field.sum[row] ?? 0,
    first: field.first[row] ?? 0,
    last: field.last[row] ?? 0,
  }));
}

/** Holds rows, in the order of their times, against the sensor's record: each takes its part of it, nothing is left. */
function expectWhole(rows: readonly Row[], sensor: string): void {
  const record = readRecord(rig.recordPath(sensor), 'temperature').map(({ value }) => value);
  const ordered = rows.toSorted((a, b) => a.first - b.first);
  let at = 0;
  for (const { count, sum, first, last } of ordered) {
    const part = record.slice(at, at + count);
    expect([first, last]).toEqual([part[0], part.at(-1)]);
    expect(sum).toBeCloseTo(
      part.reduce((total, value) => total + value, 0),
      6,
    );
    at += count;
  }
  expect(at).toBe(record.length);
}

async function stopSensor(sensor: VirtualSensor): Promise<number> {
  return (await sensor.stop()).readings['temperature'] ?? 0;
}

/** Stops the agent once it has read what was written, and holds the account of it. */
async function expectBalanced(taken: number): Promise<LedgerAnswer> {
  await rig.read(taken);
  await rig.stopAgent();
  const ledger = await rig.settled(taken);
  expect(ledger.total).toMatchObject({ taken, stored: taken, lost: 0, filtered: 0, unaccounted: 0 });
  return ledger;
}

describe('a configuration that the gateway sets', () => {
  test(
    'changes windows from 5 s to 2 s at a boundary of both, and no reading is lost or doubled',
    { timeout: 120_000 },
    async () => {
      const air = rig.addSensor('air', counter(50));
      await rig.startAgent({ flush: '100ms', sensors: [thermometer('air', { window: '5s' })] });
      air.start();
      await eventually('the first window', async () =>
        (await rig.ask<LedgerAnswer>('GET', '/api/v1/ledger')).total.stored > 0 ? true : undefined,
      );
      const wanted = { flush: '100ms', sensors: [thermometer('air', { window: '2s' })] };
      const answer = await rig.setUntil(wanted, 'applied');
      expect(answer.reported?.config).toMatchObject({ sensors: [{ window: '2s' }] });
      const status = await rig.ask<{ configVersion: number }>('GET', '/api/v1/devices/lab-1');
      expect(status.configVersion).toBe(1);
      const changedAt = (await rig.ask<LedgerAnswer>('GET', '/api/v1/ledger')).total.stored;
      await eventually('three windows more', async () =>
        (await rig.ask<LedgerAnswer>('GET', '/api/v1/ledger')).total.stored > changedAt + 400
          ? true
          : undefined,
      );
      const written = await stopSensor(air);
      await expectBalanced(written);
      const rows = rowsOf(await rig.stopAndReadBatches(), 'air').toSorted((a, b) => a.start - b.start);
      expectWhole(rows, 'air');
      const old = rows.filter(({ window }) => window === '5s');
      const young = rows.filter(({ window }) => window === '2s');
      expect(new Set(old.map(({ version }) => version))).toEqual(new Set([0]));
      expect(new Set(young.map(({ version }) => version))).toEqual(new Set([1]));
      expect(young[0]?.start).toBe(old.at(-1)?.end);
      // The windows in which the agent began and ended are partial; those at the change are whole.
      expect([...old.slice(1), ...young.slice(0, -1)].filter(({ partial }) => partial)).toEqual([]);
    },
  );

  test('goes on after a restart of the agent, and with another file', { timeout: 60_000 }, async () => {
    rig.addSensor('air', counter(50)).start();
    await rig.startAgent({ sensors: [] });
    await rig.setUntil({ sensors: [thermometer('air')] }, 'applied');
    await rig.stopAgent();
    await rig.startAgent({ flush: '50ms', sensors: [] });
    const { reported } = await eventually('the device back', async () => {
      const device = await rig.ask<{ online: boolean }>('GET', '/api/v1/devices/lab-1');
      return device.online ? rig.config() : undefined;
    });
    expect(reported).toMatchObject({ version: 1, state: 'applied', config: { sensors: [{ id: 'air' }] } });
    await eventually('readings', async () =>
      (await rig.ask<LedgerAnswer>('GET', '/api/v1/ledger')).total.stored > 0 ? true : undefined,
    );
  });

  test('that waits for the end of a window holds up no stop, and waits again after it', async () => {
    rig.addSensor('air', counter(50)).start();
    const now = { flush: '100ms', sensors: [thermometer('air', { window: '47s' })] };
    await rig.startAgent(now);
    await eventually('its report', async () => (await rig.config()).reported ?? undefined);
    await rig.set({ ...now, sensors: [thermometer('air', { window: '53s' })] });
    await eventually('delivery', async () => ((await rig.config()).state === 'delivered' ? true : undefined));
    const stoppedAtMs = performance.now();
    await rig.stopAgent();
    expect(performance.now() - stoppedAtMs).toBeLessThan(7000);
    await rig.startAgent(now);
    await eventually('the device back', async () =>
      (await rig.ask<{ online: boolean }>('GET', '/api/v1/devices/lab-1')).online ? true : undefined,
    );
    const { state, reported } = await rig.config();
    expect(reported).toMatchObject({ version: 0, state: 'applied' });
    expect(state).toBe('delivered');
  });

  test('that opens a line anew declares what was not read meanwhile; what goes, goes whole', async () => {
    const sensors = ['air', 'soil'].map((name) => rig.addSensor(name, counter(50)));
    await rig.startAgent({ flush: '50ms', sensors: [thermometer('air'), thermometer('soil')] });
    for (const sensor of sensors) sensor.start();
    const stored = async (): Promise<number> =>
      (await rig.ask<LedgerAnswer>('GET', '/api/v1/ledger')).total.stored;
    await eventually('readings', async () => ((await stored()) > 50 ? true : undefined));
    await rig.setUntil({ flush: '50ms', sensors: [thermometer('air', { silence: '20s' })] }, 'applied');
    const before = await stored();
    await eventually('more readings', async () => ((await stored()) > before + 50 ? true : undefined));
    await rig.stopAgent();
    const ledger = await eventually('all of it stored', async () => {
      const answer = await rig.ask<LedgerAnswer>('GET', '/api/v1/ledger');
      return answer.total.underWay === 0 ? answer : undefined;
    });
    expect(ledger.total).toMatchObject({ lost: 0, filtered: 0, unaccounted: 0 });
    const batches = await rig.stopAndReadBatches();
    const blocks = batches.flatMap((batch) => batch.sensors.map((block) => ({ block, batch })));
    const gaps = blocks.flatMap(({ block }) => (block.kind === 'gaps' ? block.reason : []));
    expect(gaps).toEqual(['reconfigured']);
    const versions = (sensor: string): Set<number> =>
      new Set(
        blocks
          .filter(({ block }) => block.sensor === sensor && block.kind === 'readings')
          .map(({ batch }) => batch.configVersion),
      );
    expect([versions('air'), versions('soil')]).toEqual([new Set([0, 1]), new Set([0])]);
  });

  test('that is wrong is rejected as a whole, with the path and the reason of each error', async () => {
    await rig.startAgent({ sensors: [thermometer('air')] });
    const wrong = {
      device: 'lab-2',
      flush: '1 parsec',
      gateway: { passwordFile: '/etc/shadow' },
      sensors: [
        thermometer('air', { baudrate: 9600 }),
        thermometer('soil', { window: '1ns' }),
        thermometer('water', { streams: { temperature: { unit: 'Celsius' } } }),
      ],
    };
    const { reported } = await rig.setUntil(wrong, 'rejected');
    const paths = reported?.errors.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['device', 'gateway.passwordFile', 'sensors[0].baudrate']));
    expect(JSON.stringify(reported?.errors)).toContain('did you mean \\"baudRate\\"');
    expect(reported?.config).toMatchObject({ sensors: [{ id: 'air' }] });
    const values = { flush: '1 parsec', sensors: wrong.sensors.slice(1) };
    const second = await rig.setUntil(values, 'rejected');
    expect(second.reported?.errors.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['flush', 'sensors[0].window', 'sensors[1].streams.temperature.unit']),
    );
  });

  test(
    'that loses the gateway is taken back by the device itself, and no reading is lost meanwhile',
    { timeout: 60_000 },
    async () => {
      const nowhere = createServer();
      await new Promise<void>((resolve) => nowhere.listen(0, '127.0.0.1', resolve));
      const { port } = nowhere.address() as AddressInfo;
      await new Promise((resolve) => nowhere.close(resolve));
      const air = rig.addSensor('air', counter(100));
      await rig.startAgent({ flush: '50ms', sensors: [thermometer('air')] });
      air.start();
      const gateway = { url: `mqtt://127.0.0.1:${port}` };
      const wrong = {
        flush: '50ms',
        confirmWithin: '2s',
        gateway,
        sensors: [thermometer('air', { window: '200ms' })],
      };
      const { reported } = await rig.setUntil(wrong, 'rolled-back');
      expect(reported?.errors[0]?.reason).toContain('not reached within 2 s');
      expect(reported?.config).toMatchObject({ sensors: [{ id: 'air' }] });
      expect(JSON.stringify(reported?.config)).not.toContain('200ms');
      const written = await stopSensor(air);
      await expectBalanced(written);
      const rows = rowsOf(await rig.stopAndReadBatches(), 'air');
      expectWhole(rows, 'air');
      expect(new Set(rows.map(({ window, version }) => `${window} ${version}`))).toEqual(
        new Set(['none 0', '200ms 1']),
      );
    },
  );

  test(
    'gives an ADC another scale over its open line, and not one sample is lost or doubled',
    { timeout: 60_000 },
    async () => {
      const shaft = rig.addSensor('shaft', createAdc({ ratePerSec: 2000 }));
      const adc = (scale: number): Record<string, unknown> => ({
        flush: '100ms',
        sensors: [
          {
            id: 'shaft',
            driver: 'adc',
            source: 'mcu',
            port: rig.port('shaft'),
            window: '200ms',
            channels: [{ index: 0, quantity: 'volts', scale }],
          },
        ],
      });
      await rig.startAgent(adc(1));
      shaft.start();
      for (const scale of [10, 100, 1]) await rig.setUntil(adc(scale), 'applied');
      const written = (await shaft.stop()).readings['ch0'] ?? 0;
      await expectBalanced(written);
    },
  );
});

test('a dry run tells what a configuration would send of the last minutes, and changes nothing', async () => {
  const air = rig.addSensor('air', counter(100));
  await rig.startAgent({ flush: '50ms', sensors: [thermometer('air')] });
  air.start();
  const path = '/api/v1/devices/lab-1/config/dry-run';
  const config = { flush: '1s', sensors: [thermometer('air', { window: '1s' })] };
  const answer = await eventually('a recording of 2 s', async () => {
    const tried = await rig.ask<DryRunAnswer>('POST', path, { config });
    return (tried.next?.sensors[0]?.spanSec ?? 0) > 2 ? tried : undefined;
  });
  // Lines that waited in the port before it was opened came at once.
  expect(answer.now.sensors[0]?.rowsPerSec).toBeGreaterThan(80);
  expect(answer.now.sensors[0]?.rowsPerSec).toBeLessThan(200);
  expect(answer.next?.sensors[0]?.rowsPerSec).toBeLessThan(2.1);
  expect(answer.next?.bytesPerSec).toBeLessThan(answer.now.bytesPerSec / 3);
  const wrong = await rig.ask<DryRunAnswer>('POST', path, {
    config: { sensors: [{ id: 'x', driver: 'gps' }] },
  });
  expect(wrong).toMatchObject({ ok: false, next: null, errors: [{ path: 'sensors[0].driver' }] });
  expect((await rig.config()).state).toBe('none');
  await rig.stopAgent();
  const away = await rig.ask<{ code: string }>('POST', path, { config });
  expect(away.code).toBe('API_DEVICE_AWAY');
});

test('a change from an old version is refused with both', async () => {
  const path = '/api/v1/devices/lab-1/config';
  await rig.set({ sensors: [] });
  const config = { flush: '2s', sensors: [] };
  const conflict = await rig.ask<unknown>('PUT', path, { config, version: 0 });
  expect(conflict).toMatchObject({
    status: 409,
    code: 'API_CONFIG_CONFLICT',
    desired: { version: 1, config: { sensors: [] } },
    given: { version: 0, config },
  });
});

test(
  'a device whose file is broken comes up, says so, and is repaired from afar',
  { timeout: 60_000 },
  async () => {
    const air = rig.addSensor('air', counter(100));
    air.start();
    await rig.startAgent(
      `device: lab-1\ngateway: { url: '$URL', password: $PASSWORD }\ndataDir: ./data\nsensors:\n  - id: air\n    driver: thermometre\n    baud: 1\n`,
    );
    const broken = await eventually('its report', async () => (await rig.config()).reported ?? undefined);
    expect(broken).toMatchObject({ version: 0, state: 'rejected' });
    expect(broken.errors.map(({ path }) => path)).toContain('sensors[0].driver');
    await rig.setUntil({ flush: '50ms', sensors: [thermometer('air')] }, 'applied');
    const written = await stopSensor(air);
    await expectBalanced(written);
  },
);

const changes = process.env['FIELDLINE_TEST_LONG'] === '1' ? 1000 : 100;

test(`${changes} changes under load lose and double nothing`, { timeout: changes * 3000 }, async () => {
  const names = ['air', 'soil'];
  const sensors = names.map((name) => rig.addSensor(name, counter(200)));
  const keys = [
    {},
    { window: '100ms' },
    { window: '250ms', sketch: true },
    { type: 'other' },
    { lateness: '50ms' },
  ];
  const wanted = (number: number): Record<string, unknown> => ({
    flush: `${20 + (number % 3) * 15}ms`,
    tags: { change: String(number) },
    sensors: names.map((name, index) => thermometer(name, keys[(number + index) % keys.length])),
  });
  await rig.startAgent(wanted(0));
  for (const sensor of sensors) sensor.start();
  // Every other one is waited for; those between are overtaken, or run for a moment.
  for (let number = 1; number <= changes; number++) {
    if (number % 2 === 0) await rig.setUntil(wanted(number), 'applied');
    else await rig.set(wanted(number));
  }
  const written = await Promise.all(sensors.map(stopSensor));
  await expectBalanced(written.reduce((sum, count) => sum + count, 0));
  const batches = await rig.stopAndReadBatches();
  for (const name of names) expectWhole(rowsOf(batches, name), name);
  expect(new Set(batches.map(({ configVersion }) => configVersion)).size).toBeGreaterThan(changes / 3);
});
