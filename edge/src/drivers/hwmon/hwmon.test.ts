import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askOnce, driverCases, runDriver } from '../../testing/driver-cases.ts';
import { hwmon } from './hwmon.ts';

describe('a machine', () => {
  it.each(driverCases(import.meta.url))('$name', async ({ directory, settings, expected }) => {
    const host = runDriver(hwmon, { ...settings, root: join(directory, 'sys') });
    expect(await askOnce(host)).toEqual(expected);
  });

  it('that has no such zone says which there are', async () => {
    const root = new URL('./cases/zone-by-type/sys', import.meta.url).pathname;
    const host = runDriver(hwmon, { root, zone: 'cpu' });
    await expect(host.ask()).rejects.toThrow(/zone acpitz, zone x86_pkg_temp, zone iwlwifi_1\./);
  });
});

it.each([
  [{ zone: 'a', chip: 'b' }, 'zone'],
  [{ input: 'temp1' }, 'input'],
  [{ interval: '1ms' }, 'interval'],
])('settings %j are refused', (settings, key) => {
  const bound = hwmon.bind(settings);
  expect(bound.ok ? 'accepted' : bound.refusal.detail).toContain(key);
});
