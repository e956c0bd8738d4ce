import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumProgram } from '../services/chromium.ts';
import { eventually } from '../services/wait.ts';
import { axeViolations, linePixels, openPage, sidewaysOverflowPx } from './dashboard-checks.ts';
import { gap, nowUs, readings, type TestDevice } from './dashboard-fixture.ts';
import { dashboardScene } from './dashboard-scene.ts';

const second = 1_000_000;
const air = { sensor: 'air', type: 'thermometer', quantity: 'temperature', unit: 'Cel' };
const airStream = 'greenhouse-1/air/temperature';
const position = { sensor: 'gnss', type: 'gnss' };

/** Text that would run, or break the page, if it were not escaped. */
const oddText = '<img src=x onerror=alert(1)>"\'&';

const phone = { width: 390, height: 844 };
const desk = { width: 1440, height: 900 };

/** Readings of every second from `from` to `to` seconds before `endUs`. */
function everySecond(endUs: number, from: number, to: number, value: (second: number) => number) {
  return Array.from({ length: from - to }, (_, index): [number, number] => {
    const before = from - index;
    return [endUs - before * second, value(before)];
  });
}

function newest(page: Page, stream: string): Promise<string> {
  return page.locator(`[data-newest="${stream}"] .value`).innerText();
}

describe.skipIf(chromiumProgram.missing)('dashboard', () => {
  let greenhouse: TestDevice;
  let rover: TestDevice;
  /** When the recorded stretch of the fixture ends, in µs. */
  let endUs: number;

  const scene = dashboardScene(async ({ device }) => {
    greenhouse = await device('greenhouse-1', oddText);
    rover = await device('rover-1');
    endUs = nowUs();
    await greenhouse.send([
      readings(
        air,
        everySecond(endUs, 200, 100, (before) => 20 + before / 100),
      ),
      readings(
        air,
        everySecond(endUs, 60, 1, (before) => 20 + before / 100),
      ),
      gap('air', 'thermometer', endUs - 101 * second, endUs - 60 * second, oddText),
    ]);
    const east = everySecond(endUs, 60, 1, (before) => -122.33 + before / 1e4);
    const north = everySecond(endUs, 60, 1, (before) => 47.6 + Math.sin(before / 9) / 1e3);
    await rover.send([
      readings({ ...position, quantity: 'lat', unit: 'lat' }, north),
      readings({ ...position, quantity: 'lon', unit: 'lon' }, east),
      readings(
        { ...position, quantity: 'speed', unit: 'm/s' },
        everySecond(endUs, 60, 1, () => 3.25),
      ),
    ]);
  });
  const { address } = scene;

  test('the fleet shows each device with its newest values, and moves with new readings', async () => {
    const { page, complaints } = await openPage(scene.browser, address('/'));
    await page.getByRole('link', { name: 'greenhouse-1' }).waitFor();
    await page.getByRole('link', { name: 'rover-1' }).waitFor();
    expect(await page.locator('[data-status="online"]').count()).toBe(2);
    const value = page.locator(`[data-stream="${airStream}"]`);
    expect(await value.innerText()).toBe('20.02 °C');
    await greenhouse.send([readings(air, [[nowUs(), -4.567]])]);
    await eventually('the new value', async () => (await value.innerText()) === '−4.57 °C' || undefined);
    await page.locator('figure path.line[d^="M"]').first().waitFor({ state: 'attached' });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('a stream that begins later appears by itself', async () => {
    const { page } = await openPage(scene.browser, address('/devices/rover-1'));
    await page.locator('[data-chart="rover-1/gnss/speed"]').waitFor();
    await rover.send([readings({ ...position, quantity: 'altitude', unit: 'm' }, [[nowUs(), 56.3]])]);
    await page.locator('[data-chart="rover-1/gnss/altitude"]').waitFor();
    expect(await newest(page, 'rover-1/gnss/altitude')).toBe('56.3 m');
    await page.context().close();
  });

  test('the chart draws what was sent, breaks at the gap, and its table holds the same figures', async () => {
    const { page, complaints } = await openPage(scene.browser, address('/devices/greenhouse-1'));
    const rangeUs = 300 * second;
    const pixels = (from: number, to: number) =>
      linePixels(page, airStream, { fromUs: endUs - from * second, toUs: endUs - to * second, rangeUs });
    await eventually('the line before the gap', async () => (await pixels(180, 120)) > 50 || undefined);
    expect(await pixels(50, 10)).toBeGreaterThan(30);
    expect(await pixels(95, 65)).toBe(0);

    const timeUs = nowUs();
    await greenhouse.send([readings(air, [[timeUs, 31.47]])]);
    await eventually(
      'the newest value',
      async () => (await newest(page, airStream)) === '31.47 °C' || undefined,
    );
    await page.locator(`[data-chart="${airStream}"]`).getByRole('button', { name: 'Table' }).click();
    const row = page.locator(`[data-chart="${airStream}"] tbody tr`).first();
    const time = new Date(timeUs / 1000);
    const milliseconds = String(time.getMilliseconds()).padStart(3, '0');
    expect(await row.innerText()).toBe(`${time.toLocaleTimeString('en-GB')}.${milliseconds}\t31.47 °C`);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('the arrow keys read the chart aloud', async () => {
    const { page } = await openPage(scene.browser, address('/devices/greenhouse-1'));
    const chart = page.locator(`[data-chart="${airStream}"]`);
    await chart.locator('canvas').waitFor();
    await eventually('the drawing', async () => (await chart.getByText(/ to /).count()) > 0 || undefined);
    await chart.locator('[tabindex="0"]').focus();
    await page.keyboard.press('ArrowLeft');
    await eventually(
      'the spoken value',
      async () =>
        /^\d\d:\d\d:\d\d, 31\.47 °C/.test(await chart.locator('[aria-live]').innerText()) || undefined,
    );
    await page.context().close();
  });

  test('the ledger accounts for everything that was sent', async () => {
    const { page } = await openPage(scene.browser, address('/ledger'));
    await eventually('all stored', async () => {
      const taken = await page.locator('[data-ledger="taken"]').innerText();
      const stored = await page.locator('[data-ledger="stored"]').innerText();
      return (taken === stored && taken !== '–' && taken !== '0') || undefined;
    });
    expect(await page.locator('[data-ledger="unaccounted"]').innerText()).toBe('0');
    expect(await page.getByRole('row', { name: /^gnss \/ lat 59 59 0 0 0 0 0$/ }).count()).toBe(1);
    await page.context().close();
  });

  test('the pipeline names each stage in order, and shows what passes', async () => {
    const { page, complaints } = await openPage(scene.browser, address('/pipeline'));
    await page.locator('[data-stage="live"]').waitFor();
    const names = await page
      .locator('[data-stage]')
      .evaluateAll((all) => all.map((each) => each.dataset.stage));
    expect(names).toEqual(['broker', 'ingest', 'journal', 'embedded', 'alerts', 'live']);
    await eventually('a rate at the journal', async () => {
      await greenhouse.send([readings(air, [[nowUs(), 31.47]])]);
      const rate = await page.locator('[data-stage="journal"] .figure').innerText();
      return Number(rate) > 0 || undefined;
    });
    // The age of a reading at every place that it came to.
    const ages = page.locator('[data-age]');
    await eventually('five ages', async () => {
      const texts = await ages.locator('.figure').allInnerTexts();
      return (texts.length === 5 && texts.every((text) => /^[\d.]+ m?s$/.test(text))) || undefined;
    });
    await page.locator('.verdict', { hasText: /Nothing holds anything up|is the bottleneck/ }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('the map shows the newest position, and a track', async () => {
    const { page, foreign, complaints } = await openPage(scene.browser, address('/devices/rover-1'));
    await page.locator('path.track-line').first().waitFor({ state: 'attached' });
    await page.locator('path.land').first().waitFor({ state: 'attached' });
    expect(await page.locator('[data-position]').innerText()).toBe('47.600220° N 122.329800° W');
    await page.locator('.leaflet-control-scale-line', { hasText: /^\d+ k?m$/ }).waitFor();
    await page.locator('.graticule-label').first().waitFor({ state: 'attached' });
    expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] });
    await page.context().close();
  });

  describe.each([
    ['/', '[data-stream]'],
    ['/devices/greenhouse-1', '[data-chart] canvas'],
    ['/devices/rover-1', 'path.track-line'],
    ['/pipeline', '[data-stage="live"]'],
    ['/ledger', 'tbody'],
    ['/no/such/page', 'h1'],
  ])('%s', (path, ready) => {
    test.each(['light', 'dark'] as const)(
      'axe finds nothing in the %s theme, and nothing leaves the origin',
      async (colorScheme) => {
        const { page, foreign, complaints } = await openPage(scene.browser, address(path), { colorScheme });
        await page.locator(ready).first().waitFor({ state: 'attached' });
        for (const button of await page.getByRole('button', { name: /^Table/ }).all()) await button.click();
        expect(await axeViolations(page)).toEqual([]);
        expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] });
        await page.context().close();
      },
    );

    test.each([desk, phone])('needs no sideways scrolling at $width pixels', async (viewport) => {
      const { page } = await openPage(scene.browser, address(path), { viewport });
      await page.locator(ready).first().waitFor({ state: 'attached' });
      expect(await sidewaysOverflowPx(page)).toBeLessThanOrEqual(0);
      await page.context().close();
    });
  });

  test('the theme button wins over the system, and is remembered', async () => {
    const { page } = await openPage(scene.browser, address('/'), { colorScheme: 'dark' });
    const paper = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const dark = await paper();
    await page.getByRole('button', { name: /^Theme/ }).click();
    expect(await paper()).not.toBe(dark);
    await page.reload();
    expect(await paper()).not.toBe(dark);
    await page.context().close();
  });

  test('markup that brings a style of its own is refused, and seen by every test', async () => {
    const { page, breaches } = await openPage(scene.browser, address('/'));
    const breachOf = async (script: string) => {
      await page.evaluate(script);
      return eventually('the breach', () => breaches.splice(0)[0]?.split(' ')[0]);
    };
    const insert = (element: string) =>
      `document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(element)})`;
    expect(await breachOf(insert('<p style="color: red">'))).toBe('style-src-attr');
    expect(await breachOf(insert('<style>p { color: red }</style>'))).toBe('style-src-elem');
    expect(await breachOf(insert('<img src="data:," onerror="alert(1)">'))).toBe('script-src-attr');
    await page.context().close();
  });

  test('odd text is text', async () => {
    const { page, complaints } = await openPage(scene.browser, address('/devices/greenhouse-1'));
    await page.getByText(`agent ${oddText}`).waitFor();
    await page.locator(`[data-chart="${airStream}"]`).getByRole('button', { name: 'Table' }).click();
    await page.locator(`[data-chart="${airStream}"] li`, { hasText: '<img src=x' }).waitFor();
    await page.goto(address(`/devices/${encodeURIComponent('<script>alert(1)</script>')}`));
    await page.getByText('No device is called “<script>alert(1)</script>”.').waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('says when the gateway is gone, and returns with it', async () => {
    const { page } = await scene.open('/');
    const newestAir = page.locator(`[data-stream="${airStream}"]`);
    await newestAir.waitFor();
    const before = await newestAir.innerText();
    await greenhouse.stop();
    await rover.stop();
    await scene.gateway.stop();
    await page.locator('[data-connection="waiting"]', { hasText: /^Reconnecting in \d+ s$/ }).waitFor();
    await scene.fixture.restart();
    await page.locator('[data-connection="live"]').waitFor();
    expect(await newestAir.innerText()).toBe(before);
    await page.context().close();
  });

  test('a page that is first opened while the gateway is gone appears once it is back', async () => {
    const { page } = await scene.open('/');
    await page.locator(`[data-stream="${airStream}"]`).waitFor();
    await scene.gateway.stop();
    await page.locator('[data-connection="waiting"]').waitFor();
    await page.getByRole('link', { name: 'Pipeline' }).click();
    await page.getByRole('alert').waitFor();
    await scene.fixture.restart();
    await page.locator('[data-stage="live"]').waitFor();
    await page.context().close();
  });
});
