import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumProgram, startChromium } from '../services/chromium.ts';
import { eventually } from '../services/wait.ts';
import { axeViolations, openPage, sidewaysOverflowPx } from './dashboard-checks.ts';
import {
  askGateway,
  nowUs,
  readings,
  startDashboard,
  TestDevice,
  type DashboardFixture,
} from './dashboard-fixture.ts';

/** Devices that are registered and have never been heard. */
const silent = 60;
const gnss = { sensor: 'gnss', type: 'gnss' };

/** Where the three devices that are heard are: two in one street, one on another continent. */
const places = { 'boat-1': [47.6, 8.5], 'boat-2': [47.6004, 8.5004], 'ship-1': [-33.9, 18.4] } as const;

async function names(page: Page): Promise<string[]> {
  return page.locator('[data-device]').evaluateAll((all) => all.map((each) => each.dataset['device'] ?? ''));
}

describe.skipIf(chromiumProgram.missing)('the fleet at scale', () => {
  let fixture: DashboardFixture;
  let browser: Browser;
  const devices: TestDevice[] = [];
  const address = (path: string) => new URL(path, fixture.gateway.httpUrl).href;
  // Registering is for administrators; looking is for everybody on this machine.
  const asked = (page: Page) => page.locator('[data-device]').first().waitFor();

  beforeAll(async () => {
    fixture = await startDashboard();
    browser = await startChromium();
    for (let n = 0; n < silent; n += 1) {
      await askGateway(fixture.gateway, 'POST', '/api/v1/devices', {
        name: `well-${String(n).padStart(3, '0')}`,
      });
    }
    for (const [id, [latitude, longitude]] of Object.entries(places)) {
      const device = await TestDevice.register(fixture.gateway, id);
      devices.push(device);
      const at = nowUs();
      await device.send([
        readings({ ...gnss, quantity: 'lat', unit: 'lat' }, [[at, latitude]]),
        readings({ ...gnss, quantity: 'lon', unit: 'lon' }, [[at, longitude]]),
      ]);
    }
  });

  afterAll(async () => {
    await browser.close();
    for (const device of devices) await device.stop();
    await fixture.stop();
  });

  test('draws only the rows in sight, and all of them in turn', async () => {
    const { page, complaints } = await openPage(browser, address('/'));
    await asked(page);
    const first = await names(page);
    expect(first.slice(0, 4)).toEqual(['boat-1', 'boat-2', 'ship-1', 'well-000']);
    expect(first.length).toBeLessThan(silent / 2 + 12);
    expect(await page.locator('[aria-setsize]').first().getAttribute('aria-setsize')).toBe(
      String(silent + 3),
    );
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    await page.locator('[data-device="well-059"]').waitFor();
    expect(await names(page)).not.toContain('boat-1');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('is filtered, sorted and grouped by its address', async () => {
    const { page } = await openPage(browser, address('/'));
    await asked(page);
    await page.getByRole('searchbox').fill('BOAT');
    await eventually('two boats', async () => (await names(page)).join() === 'boat-1,boat-2' || undefined);
    await page.getByLabel('Show').selectOption('offline');
    await page.getByText('No device is like that.').waitFor();
    expect(new URL(page.url()).search).toBe('?find=BOAT&show=offline');
    await page.goto(address('/?group=status&sort=status'));
    await page.locator('[data-group="offline"]', { hasText: String(silent) }).waitFor();
    await page.goto(address('/?show=online&sort=seen'));
    await eventually('the newest first', async () => (await names(page))[0] === 'ship-1' || undefined);
    expect((await names(page)).length).toBe(3);
    await page.context().close();
  });

  test('says where a configuration is on its way, and what the clock of a device is worth', async () => {
    const { gateway } = fixture;
    await askGateway(gateway, 'PUT', '/api/v1/devices/well-000/config', {
      config: { sensors: [] },
      version: 0,
    });
    const { page } = await openPage(browser, address('/?find=well-000'));
    await page.locator('[data-config="waiting"]').waitFor();
    await page.getByLabel('Find by name').fill('');
    await page.getByLabel('Configuration').selectOption('under way');
    await eventually(
      'the one that is under way',
      async () => (await names(page)).join() === 'well-000' || undefined,
    );
    expect(new URL(page.url()).search).toBe('?config=pending');
    await page.getByLabel('Configuration').selectOption('its own file');
    await eventually('all others', async () => !(await names(page)).includes('well-000') || undefined);
    await page.goto(address('/?config=failed'));
    await page.getByText('No device is like that.').waitFor();
    await page.context().close();
  });

  test('the map gathers what would lie over each other, and opens it', async () => {
    const { page, foreign, complaints } = await openPage(browser, address('/map'));
    await page.getByText('3 of 63 with a position').waitFor();
    const cluster = page.getByRole('button', { name: '2 devices: show them' });
    await cluster.waitFor();
    await page.locator('.fleet-mark a', { hasText: 'ship-1' }).waitFor();
    await cluster.focus();
    await page.keyboard.press('Enter');
    await page.locator('.fleet-mark a', { hasText: 'boat-2' }).click();
    await page.getByRole('heading', { level: 1, name: 'boat-2' }).waitFor();
    expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] });
    await page.context().close();
  });

  describe.each(['/', '/?group=status', '/map'])('%s', (path) => {
    test.each(['light', 'dark'] as const)('axe finds nothing (%s)', async (colorScheme) => {
      const { page } = await openPage(browser, address(path), { colorScheme });
      await page.locator('[data-device], .fleet-mark a').first().waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.context().close();
    });

    test.each([1440, 390, 320])('needs no sideways scrolling at %i pixels', async (width) => {
      const { page } = await openPage(browser, address(path), { viewport: { width, height: 800 } });
      await page.locator('[data-device], .fleet-mark a').first().waitFor();
      expect(await sidewaysOverflowPx(page)).toBeLessThanOrEqual(0);
      await page.context().close();
    });
  });
});
