import { expect, it } from 'vitest';
import type { SensorConfig } from '../config/agent-config.ts';
import { Ledger } from '../ledger/ledger.ts';
import { silentLogger } from '../logger.ts';
import { ManualTime } from '../testing/manual-time.ts';
import type { DriverHost } from './driver.ts';
import { SensorSet } from './sensor-set.ts';

const startMs = Date.UTC(2026, 5, 1) + 200;

/** A sensor of one raw stream or of windows, whose driver only gives its host away. */
function sensor(window: 'none' | '1s', hosts: DriverHost[]): SensorConfig {
  const plan = {
    quantities: [{ quantity: 'temperature', unit: 'Cel' }],
    window,
    sketch: false,
    lateness: '0s',
  };
  const windowUs = window === 'none' ? 0 : 1_000_000;
  return {
    ...{ id: 'air', type: 't', latenessUs: 0 },
    file: { id: 'air', driver: 'thermometer', window },
    driver: { plan, start: (host) => (hosts.push(host), { stop: () => undefined }) },
    streams: [{ quantity: 'temperature', unit: 'Cel', window, windowUs, sketch: false }],
  };
}

it('gives what comes after a change the version that made it, however late the timer of the change is', async () => {
  const time = new ManualTime(startMs);
  const hosts: DriverHost[] = [];
  const sensors = new SensorSet({ ledger: new Ledger(), clock: time, timers: time, logger: silentLogger });
  sensors.prepare([sensor('1s', hosts)], 1);
  sensors.start();
  const changed = sensors.change([sensor('none', hosts)], 2);
  // A loaded machine reads a sample of after the change before its timer has run.
  hosts[0]?.emit(Float64Array.of((startMs + 1500) * 1000), [Float64Array.of(20)]);
  const versions = (): number[] =>
    sensors
      .generations()
      .filter(({ pipelines }) => pipelines.some(({ pendingRows }) => pendingRows > 0))
      .map(({ configVersion }) => configVersion);
  expect(versions()).toEqual([2]);
  expect(sensors.version).toBe(1);
  await time.advance(2000);
  expect(await changed).toBe(true);
  expect(sensors.version).toBe(2);
  expect(versions()).toEqual([2]);
});
