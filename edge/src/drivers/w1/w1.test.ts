import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askOnce, driverCases, runDriver } from '../../testing/driver-cases.ts';
import { w1SlaveToCelsius, w1TemperatureToCelsius } from './w1-to-celsius.ts';
import { w1 } from './w1.ts';

describe('a recorded 1-Wire bus', () => {
  it.each(driverCases(import.meta.url))('$name', async ({ directory, settings, expected }) => {
    const host = runDriver(w1, { ...settings, root: join(directory, 'devices') });
    expect(await askOnce(host)).toEqual(expected);
  });
});

describe('the value at power-on', () => {
  it('is told from 85 °C by the scratchpad', () => {
    const hot = '50 05 4b 46 7f ff 10 10 bd : crc=bd YES\n50 05 4b 46 7f ff 10 10 bd t=85000';
    expect(w1SlaveToCelsius(hot)).toEqual({ kind: 'value', celsius: 85 });
  });

  it.each([
    [undefined, 'power-on'],
    [20, 'power-on'],
    [84.5, 85],
  ])('without a scratchpad, after %s, is %s', (previous, outcome) => {
    const read = w1TemperatureToCelsius('85000', previous);
    expect(read.kind === 'value' ? read.celsius : read.reason).toBe(outcome);
  });
});

it.each(['', 'garbage', '50 05 4b', 'zz zz : crc=00 YES\nt=1', '12.5', '9999999999999', 't='])(
  '%j is not understood in either file',
  (text) => {
    const outcome = { kind: 'discarded', reason: 'not-understood' };
    expect([w1SlaveToCelsius(text), w1TemperatureToCelsius(text, undefined)]).toEqual([outcome, outcome]);
  },
);

it.each([
  [{ device: '28-zz' }, 'CONFIG_INVALID_VALUE'],
  [{ device: '../28-00000a1b2c3d' }, 'CONFIG_INVALID_VALUE'],
  [{ interval: '10ms' }, 'interval'],
  [{ timeout: 'soon' }, 'timeout'],
  [{ devcie: 'x' }, 'CONFIG_INVALID_VALUE'],
])('settings %j are refused', (settings, reason) => {
  const bound = w1.bind(settings);
  expect(bound.ok ? 'accepted' : `${bound.refusal.code} ${bound.refusal.detail}`).toContain(reason);
});

describe('a bus that changes', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'fieldline-w1-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  it('is found again, and says which thermometers there are', async () => {
    const host = runDriver(w1, { root, file: 'temperature' });
    await expect(host.ask()).rejects.toMatchObject({ code: 'SOURCE_FILE_UNREADABLE' });
    mkdirSync(join(root, '28-00000a1b2c3d'));
    writeFileSync(join(root, '28-00000a1b2c3d', 'temperature'), '21562\n');
    await host.ask();
    mkdirSync(join(root, '28-00000a1b2c3e'));
    await expect(host.ask()).rejects.toThrow(/28-00000a1b2c3d, 28-00000a1b2c3e/);
    expect(host.rows).toEqual([{ at: 0, temperature: 21.562 }]);
  });
});
