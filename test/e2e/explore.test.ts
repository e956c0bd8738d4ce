import { readFile } from 'node:fs/promises';
import { parquetReadObjects } from 'hyparquet';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumProgram, startChromium } from '../services/chromium.ts';
import { eventually } from '../services/wait.ts';
import { axeViolations, openPage, sidewaysOverflowPx } from './dashboard-checks.ts';
import { nowUs, readings, startDashboard, TestDevice, type DashboardFixture } from './dashboard-fixture.ts';

const second = 1_000_000;
const day = 86_400 * second;
const voltage = { sensor: 'pack', type: 'adc', quantity: 'voltage', unit: 'V' };
const stream = 'boat-1/pack/voltage';

/** Readings of every second, `count` of them, ending at `endUs`; their values are 1, 2, 3 … */
function counted(endUs: number, count: number, offset = 0): [number, number][] {
  return Array.from({ length: count }, (_, index) => [endUs - (count - index) * second, index + 1 + offset]);
}

/** Rows of an exported file, by readers of the formats that are not the dashboard's. */
async function exportedRows(path: string, format: string): Promise<number> {
  const bytes = await readFile(path);
  if (format === 'Parquet') return (await parquetReadObjects({ file: new Uint8Array(bytes).buffer })).length;
  const lines = bytes.toString('utf8').trimEnd().split(/\r?\n/);
  return format === 'CSV' ? lines.length - 1 : lines.map((line) => JSON.parse(line) as unknown).length;
}

/** Everything that the chart has drawn, as one text. */
function drawn(page: Page): Promise<string> {
  return page.evaluate<string>(`document.querySelector('[data-chart="${stream}"] canvas').toDataURL()`);
}

describe.skipIf(chromiumProgram.missing)('the Explore page', () => {
  let fixture: DashboardFixture;
  let browser: Browser;
  let boat: TestDevice;
  let endUs: number;

  /** The address of the stretch of `seconds` before the end, and what else it says. */
  const address = (seconds: number, more = '') => {
    const [from, to] = [endUs - seconds * second, endUs].map((us) => new Date(us / 1000).toISOString());
    return new URL(`/explore?from=${from}&to=${to}${more}`, fixture.gateway.httpUrl).href;
  };

  beforeAll(async () => {
    fixture = await startDashboard();
    browser = await startChromium();
    boat = await TestDevice.register(fixture.gateway, 'boat-1');
    endUs = Math.floor(nowUs() / second) * second;
    await boat.send([
      readings(voltage, counted(endUs, 100)),
      readings({ ...voltage, sensor: 'motor' }, counted(endUs, 3000)),
    ]);
    await boat.send([readings(voltage, counted(endUs - day, 100, 50))]);
  });

  afterAll(async () => {
    await browser.close();
    await boat.stop();
    await fixture.stop();
  });

  test('a stream is chosen by keyboard, stands in the address, and has its statistics', async () => {
    const { page, complaints } = await openPage(browser, address(100));
    const box = page.getByRole('combobox');
    await box.focus();
    await page.keyboard.type('boat volt pack');
    await page.getByRole('option', { name: /Voltage, pack/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.locator(`[data-chart="${stream}"] canvas`).waitFor();
    expect(new URL(page.url()).searchParams.getAll('s')).toEqual([stream]);
    const cells = page.locator('[data-statistic]');
    await eventually('the statistics', async () => (await cells.count()) === 8 || undefined);
    expect(await cells.allInnerTexts()).toEqual([
      '100',
      '50.500 V',
      '1.000 V',
      '100.000 V',
      '29.011 V',
      '50.000 V',
      '95.000 V',
      '99.000 V',
    ]);
    await page.getByRole('button', { name: `Remove ${stream}` }).click();
    await page.getByText('Choose a stream').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('quantiles of many readings are drawn on request, and the day before beneath', async () => {
    const { page } = await openPage(browser, address(100, `&s=${stream}`));
    await page.locator(`[data-chart="${stream}"] [data-resolution]`, { hasText: /\S/ }).waitFor();
    const alone = await drawn(page);
    await page.getByRole('button', { name: 'yesterday' }).click();
    await eventually('another picture', async () => (await drawn(page)) !== alone || undefined);
    expect(new URL(page.url()).searchParams.get('compare')).toBe('1d');

    const motor = 'boat-1/motor/voltage';
    await page.goto(address(3000, `&s=${motor}`));
    const picture = () =>
      page.evaluate<string>(`document.querySelector('[data-chart="${motor}"] canvas').toDataURL()`);
    await page.locator(`[data-chart="${motor}"] [data-resolution]`, { hasText: /means/ }).waitFor();
    const mean = await picture();
    await page.getByRole('button', { name: 'p95' }).click();
    await eventually('the line of p95', async () => (await picture()) !== mean || undefined);
    expect(new URL(page.url()).searchParams.get('q')).toBe('p95');
    await page.context().close();
  });

  test('the charts are saved as a PNG', async () => {
    const { page } = await openPage(browser, address(100, `&s=${stream}`));
    await page.locator(`[data-chart="${stream}"] [data-resolution]`, { hasText: /\S/ }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as PNG' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^fieldline-\d{4}-\d\d-\d\dT\d+\.\d+Z\.png$/);
    const bytes = await readFile(await download.path());
    expect(bytes.subarray(1, 4).toString('latin1')).toBe('PNG');
    // Width and height stand in the IHDR chunk (PNG specification, 11.2.2).
    expect(bytes.readUInt32BE(16)).toBeGreaterThan(600);
    expect(bytes.readUInt32BE(20)).toBeGreaterThan(200);
    await page.context().close();
  });

  test.each(['CSV', 'NDJSON', 'Parquet'])(
    'what is shown is saved as %s, with its rows stated',
    async (format) => {
      const { page, complaints } = await openPage(
        browser,
        address(60, `&s=${stream}&s=boat-1/motor/voltage`),
      );
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: `Save as ${format}` }).click(),
      ]);
      const name = download.suggestedFilename();
      expect(name).toMatch(/^fieldline-\d{4}-\d\d-\d\dT\d+\.\d+Z\.(csv|ndjson|parquet)$/);
      const state = page.locator('[data-export="saved"]');
      await state.waitFor();
      expect(await state.innerText()).toMatch(new RegExp(`^Saved ${name}: 120 rows, [\\d.]+ k?B\\.$`));
      expect(await exportedRows(await download.path(), format)).toBe(120);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  test('a stream that is none is named as text', async () => {
    const odd = '<script>alert(1)</script>/a/b';
    const { page, complaints } = await openPage(browser, address(100, `&s=${encodeURIComponent(odd)}`));
    await page.getByText(`There is no stream “${odd}”.`).waitFor();
    expect(await page.locator('main script').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test.each(['light', 'dark'] as const)(
    'axe finds nothing, the list open or not (%s)',
    async (colorScheme) => {
      const { page } = await openPage(browser, address(100, `&s=${stream}&q=p50,p99`), { colorScheme });
      await page.locator('[data-statistic]').first().waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.getByRole('combobox').focus();
      await page.getByRole('option').first().waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.context().close();
    },
  );

  test.each([1440, 1024, 390, 320])('needs no sideways scrolling at %i pixels', async (width) => {
    const { page } = await openPage(browser, address(100, `&s=${stream}`), {
      viewport: { width, height: 800 },
    });
    await page.locator('[data-statistic]').first().waitFor();
    expect(await sidewaysOverflowPx(page)).toBeLessThanOrEqual(0);
    await page.context().close();
  });

  test('an export that the gateway refuses says why, hands out nothing, and can be tried again', async () => {
    const { page } = await openPage(browser, address(60, `&s=${stream}`));
    await page.locator('[data-statistic]').first().waitFor();
    await fixture.gateway.stop();
    await page.getByRole('button', { name: 'Save as CSV' }).click();
    await page.locator('[data-export="failed"]', { hasText: 'Nothing was saved.' }).waitFor();
    await fixture.restart();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('[data-export]').getByRole('button', { name: 'Try again' }).click(),
    ]);
    expect(await exportedRows(await download.path(), 'CSV')).toBe(60);
    await page.context().close();
  });
});
