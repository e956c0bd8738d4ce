import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumProgram } from '../services/chromium.ts';
import { eventually } from '../services/wait.ts';
import { axeViolations, openPage, sidewaysOverflowPx, watchPolicy } from './dashboard-checks.ts';
import { gap, nowUs, readings, type TestDevice } from './dashboard-fixture.ts';
import { dashboardScene } from './dashboard-scene.ts';

const second = 1_000_000;
const air = { sensor: 'air', type: 'thermometer', quantity: 'temperature', unit: 'Cel' };
const soil = { sensor: 'soil', type: 'thermometer', quantity: 'temperature', unit: 'Cel' };
const airStream = 'lab-1/air/temperature';
const soilStream = 'lab-1/soil/temperature';

/** The zone of the browser in these tests: nine hours before UTC, so that the two cannot be mixed up. */
const tokyo = { timezoneId: 'Asia/Tokyo' };

/** Ten readings a second from `from` to `to` seconds before `endUs`; the value is the age in seconds. */
function tenPerSecond(endUs: number, from: number, to: number): [number, number][] {
  return Array.from({ length: (from - to) * 10 }, (_, index) => {
    const before = from - index / 10;
    return [endUs - before * second, before];
  });
}

function chart(page: Page, stream = airStream): Locator {
  return page.locator(`[data-chart="${stream}"]`);
}

/** The frozen stretch that the address of the page names, in µs; undefined while it names none. */
function frozenSpan(page: Page): { fromUs: number; toUs: number } | undefined {
  const query = new URL(page.url()).searchParams;
  const [fromUs, toUs] = [
    Date.parse(query.get('from') ?? '') * 1000,
    Date.parse(query.get('to') ?? '') * 1000,
  ];
  return Number.isNaN(fromUs) ? undefined : { fromUs, toUs };
}

/** Where a place of the plot (0 to 1 in both directions) is on the screen. */
async function plotPoint(page: Page, x: number, y = 0.5): Promise<[number, number]> {
  const box = await chart(page).locator('.u-over').boundingBox();
  if (!box) throw new Error('the chart has no plot');
  return [box.x + x * box.width, box.y + y * box.height];
}

async function tableRows(page: Page): Promise<number> {
  return chart(page).locator('tbody tr').count();
}

describe.skipIf(chromiumProgram.missing)('charts', () => {
  let lab: TestDevice;
  let endUs: number;

  const scene = dashboardScene(async ({ device }) => {
    lab = await device('lab-1');
    const rover = await device('rover-1');
    endUs = Math.floor(nowUs() / 1000) * 1000;
    await lab.send([
      readings(air, tenPerSecond(endUs, 280, 100)),
      readings(air, tenPerSecond(endUs, 60, 0)),
      gap('air', 'thermometer', endUs - 100 * second, endUs - 60 * second, 'outbox-full'),
      readings(soil, [[endUs - 30 * second, 12.5]]),
    ]);
    const seconds = Array.from({ length: 100 }, (_, index) => endUs - (100 - index) * second);
    const track = { sensor: 'gnss', type: 'gnss' };
    await rover.send([
      readings(
        { ...track, quantity: 'lat', unit: 'lat' },
        seconds.map((t, n) => [t, 47.6 + n / 1e4] as const),
      ),
      readings(
        { ...track, quantity: 'lon', unit: 'lon' },
        seconds.map((t, n) => [t, 8.5 + n / 1e4] as const),
      ),
      readings(
        { ...track, quantity: 'speed', unit: 'm/s' },
        seconds.map((t, n) => [t, n] as const),
      ),
    ]);
  });
  const { address } = scene;

  /** The address of a stretch that stands still, in seconds before the end of what was sent. */
  const frozen = (from: number, to: number, more = '', device = 'lab-1') => {
    const at = (before: number) => new Date((endUs - before * second) / 1000).toISOString();
    return address(`/devices/${device}?from=${at(from)}&to=${at(to)}${more}`);
  };

  async function open(url: string, options = {}): Promise<{ page: Page; complaints: string[] }> {
    const opened = await openPage(scene.browser, url, { ...tokyo, ...options });
    await opened.page.locator('.u-over').first().waitFor();
    return opened;
  }

  test('space freezes, says how much is new, drops nothing, and lives again', async () => {
    const { page } = await open(address('/devices/lab-1?range=1m'));
    const bar = page.locator('[data-time]');
    await chart(page)
      .getByRole('button', { name: /^Table/ })
      .click();
    await page.locator('h1').click();
    await page.keyboard.press(' ');
    await page.locator('[data-time="frozen"]').waitFor();
    await eventually('the address says so', async () => frozenSpan(page));
    const newest = await chart(page).locator('tbody tr').first().innerText();
    const timeUs = nowUs();
    await lab.send([
      readings(air, [
        [timeUs, 41.5],
        [timeUs + 1000, 42.5],
        [timeUs + 2000, 43.5],
      ]),
    ]);
    await page.getByText('3 new points', { exact: true }).waitFor();
    expect(await chart(page).locator('tbody tr').first().innerText()).toBe(newest);
    await page.keyboard.press(' ');
    expect(await bar.getAttribute('data-time')).toBe('live');
    for (const [row, value] of ['43.50 °C', '42.50 °C', '41.50 °C'].entries()) {
      await chart(page).locator('tbody tr').nth(row).getByText(value, { exact: true }).waitFor();
    }
    await eventually('the address forgets it', async () => frozenSpan(page) === undefined || undefined);
    await page.context().close();
  });

  test('a drag zooms into what it marks, and Back returns', async () => {
    const { page } = await open(frozen(200, 0));
    await page.mouse.move(...(await plotPoint(page, 0.25)));
    await page.mouse.down();
    await page.mouse.move(...(await plotPoint(page, 0.5)), { steps: 4 });
    await page.locator('.marked').waitFor();
    await page.mouse.up();
    const span = await eventually('the zoom', async () => {
      const now = frozenSpan(page);
      return now && now.toUs - now.fromUs < 60 * second ? now : undefined;
    });
    expect((span.fromUs - (endUs - 150 * second)) / second).toBeCloseTo(0, 0);
    expect((span.toUs - (endUs - 100 * second)) / second).toBeCloseTo(0, 0);
    await page.goBack();
    await eventually(
      'the whole again',
      async () => frozenSpan(page)?.fromUs === endUs - 200 * second || undefined,
    );
    expect(await page.locator('[data-span]').innerText()).toContain('–');
    await page.context().close();
  });

  test('the wheel zooms at the pointer once the chart has the focus, and scrolls the page before', async () => {
    const { page } = await open(frozen(200, 100));
    const before = frozenSpan(page);
    await page.mouse.move(...(await plotPoint(page, 0.5)));
    await page.mouse.wheel(0, -200);
    await chart(page).locator('.plot').focus();
    expect(frozenSpan(page)).toEqual(before);
    await page.mouse.wheel(0, -200);
    const span = await eventually('the zoom', async () => {
      const now = frozenSpan(page);
      return now && now.fromUs !== before?.fromUs ? now : undefined;
    });
    expect(span.toUs - span.fromUs).toBeLessThan(90 * second);
    expect(((span.fromUs + span.toUs) / 2 - (endUs - 150 * second)) / second).toBeCloseTo(0, 0);
    await page.context().close();
  });

  test('two fingers pinch, one finger moves the axis', async () => {
    const { page } = await open(frozen(200, 100), { hasTouch: true, viewport: { width: 390, height: 844 } });
    const fingers = await page.context().newCDPSession(page);
    const touch = async (type: 'touchStart' | 'touchMove' | 'touchEnd', ...places: number[]) => {
      const points = await Promise.all(places.map((place) => plotPoint(page, place)));
      const touchPoints = points.map(([x, y], id) => ({ x, y, id }));
      await fingers.send('Input.dispatchTouchEvent', { type, touchPoints });
    };
    await chart(page).scrollIntoViewIfNeeded();
    await touch('touchStart', 0.4, 0.6);
    await touch('touchMove', 0.3, 0.7);
    await touch('touchMove', 0.2, 0.8);
    await touch('touchEnd');
    const zoomed = await eventually('the zoom', async () => {
      const now = frozenSpan(page);
      return now && now.toUs - now.fromUs < 60 * second ? now : undefined;
    });
    expect((zoomed.toUs - zoomed.fromUs) / second).toBeCloseTo(100 / 3, -1);
    await touch('touchStart', 0.2);
    await touch('touchMove', 0.4);
    await touch('touchMove', 0.8);
    await touch('touchEnd');
    await eventually(
      'the move',
      async () => (frozenSpan(page)?.fromUs ?? Infinity) < zoomed.fromUs || undefined,
    );
    await page.context().close();
  });

  test('keys zoom, move the axis and the cursor, and the cursor is spoken', async () => {
    const { page } = await open(frozen(60, 0));
    await chart(page).locator('.plot').focus();
    const spoken = chart(page).locator('[aria-live]');
    await eventually('the first step', async () => {
      await page.keyboard.press('Home');
      return (await spoken.innerText()) !== '' || undefined;
    });
    const first = await spoken.innerText();
    expect(first).toMatch(/^\d\d:\d\d:\d\d, (60\.00|59\.\d\d) °C/);
    await page.keyboard.press('ArrowRight');
    await eventually('another value', async () => (await spoken.innerText()) !== first || undefined);
    expect(await chart(page, soilStream).locator('[aria-live]').innerText()).toBe('');
    await page.keyboard.press('Escape');
    await page.keyboard.press('+');
    const closer = await eventually('the zoom', async () => {
      const now = frozenSpan(page);
      return now && now.toUs - now.fromUs < 50 * second ? now : undefined;
    });
    expect((closer.toUs - closer.fromUs) / second).toBeCloseTo(40, 0);
    await page.keyboard.press('Shift+ArrowLeft');
    await eventually(
      'the move',
      async () => (frozenSpan(page)?.fromUs ?? Infinity) < closer.fromUs || undefined,
    );
    await page.context().close();
  });

  test('the resolution in use is stated, and is every reading when close', async () => {
    const { page } = await open(frozen(290, 0));
    const resolution = chart(page).locator('[data-resolution]');
    await eventually(
      'means',
      async () => /^means of [\d.]+ m?s$/.test(await resolution.innerText()) || undefined,
    );
    await page.goto(frozen(40, 20));
    await eventually('raw', async () => (await resolution.innerText()) === 'every reading' || undefined);
    await chart(page)
      .getByRole('button', { name: /^Table/ })
      .click();
    await page.getByText('The newest 100 of 20').waitFor();
    await page.context().close();
  });

  test('another range is asked for once for all charts, and told of as soon as it is drawn', async () => {
    const { page } = await open(address('/devices/lab-1?range=1m'));
    await chart(page).locator('[data-resolution]', { hasText: 'ms' }).waitFor();
    const asked: URLSearchParams[] = [];
    page.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname === '/api/v1/query') asked.push(searchParams);
    });
    await page.locator('[data-time] button', { hasText: /^24 h$/ }).click();
    // The picture of a day moves by a pixel a minute: the figures must not wait for that.
    await chart(page)
      .locator('.note', { hasText: /to 280/ })
      .waitFor({ timeout: 10_000 });
    expect(asked.map((query) => query.getAll('stream').sort())).toEqual([[airStream, soilStream]]);
    expect(asked[0]?.get('quantiles')).toBe('false');
    await page.context().close();
  });

  test('backfilled readings appear by themselves, frozen or not', async () => {
    const { page } = await open(frozen(99, 61));
    await chart(page)
      .getByRole('button', { name: /^Table/ })
      .click();
    await page.getByText('Gap, lost: outbox full').waitFor();
    expect(await tableRows(page)).toBe(0);
    await lab.send([
      readings(air, [
        [endUs - 80 * second, 7],
        [endUs - 79 * second, 8],
      ]),
    ]);
    await eventually('both rows', async () => (await tableRows(page)) === 2 || undefined);
    await page.context().close();
  });

  test('times are local or UTC by choice, which the browser and the address remember', async () => {
    const { page } = await open(frozen(40, 20));
    await chart(page)
      .getByRole('button', { name: /^Table/ })
      .click();
    const time = chart(page).locator('tbody th').last();
    const hour = (zone: string) =>
      new Intl.DateTimeFormat('en-GB', { hour: '2-digit', timeZone: zone }).format(
        (endUs - 30 * second) / 1000,
      );
    await eventually(
      'Tokyo',
      async () => (await time.innerText()).startsWith(`${hour('Asia/Tokyo')}:`) || undefined,
    );
    await page.locator('[data-zone]').click();
    await eventually('UTC', async () => (await time.innerText()).startsWith(`${hour('UTC')}:`) || undefined);
    expect(new URL(page.url()).searchParams.get('tz')).toBe('utc');
    await page.goto(address('/devices/lab-1'));
    await page.locator('[data-zone]', { hasText: 'UTC' }).waitFor();
    await page.goto(address('/devices/lab-1?tz=local'));
    await page.locator('[data-zone]', { hasText: 'Local' }).waitFor();
    await page.context().close();
  });

  test.each([true, false])('links are copied, live and frozen (secure context: %s)', async (secure) => {
    const { page } = await open(address('/devices/lab-1?range=1m'), {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    // A plain address of a LAN is no secure context: there the clipboard has no such interface.
    const { clipboard } = {
      clipboard: 'Object.defineProperty(navigator, "clipboard", { value: undefined })',
    };
    const read = await page.evaluateHandle('navigator.clipboard.readText.bind(navigator.clipboard)');
    const copied = async () =>
      new URL(await page.evaluate((text) => (text as () => Promise<string>)(), read));
    if (!secure) await page.evaluate(clipboard);
    await page.getByRole('button', { name: 'Copy live link' }).click();
    await page.getByText('Link copied').waitFor();
    expect((await copied()).search).toBe('?range=1m&tz=local');
    await page.getByRole('button', { name: 'Copy frozen link' }).click();
    const link = await eventually('the frozen link', async () => {
      const url = await copied();
      return url.searchParams.has('from') ? url : undefined;
    });
    const [from, to] = [link.searchParams.get('from') ?? '', link.searchParams.get('to') ?? ''];
    expect(Date.parse(to) - Date.parse(from)).toBe(60_000);
    await page.goto(link.href);
    await page.locator('[data-time="frozen"]').waitFor();
    await page.context().close();
  });

  test('the cursor of a chart is marked on the track, and the track’s point on the charts', async () => {
    const { page } = await open(frozen(100, 0, '', 'rover-1'));
    const speed = page.locator('[data-chart="rover-1/gnss/speed"]');
    await speed.locator('.u-over').waitFor();
    await page.locator('path.track-line').first().waitFor({ state: 'attached' });
    await speed.scrollIntoViewIfNeeded();
    const plot = await speed.locator('.u-over').boundingBox();
    if (!plot) throw new Error('the chart has no plot');
    await page.mouse.move(plot.x + plot.width / 2, plot.y + plot.height / 2, { steps: 3 });
    await page.locator('path.track-point').waitFor({ state: 'attached' });
    await page.getByText('47.60', { exact: false }).first().waitFor();
    const position = await page.locator('[data-position]').innerText();
    expect(Number(position.slice(0, 9))).toBeCloseTo(47.605, 3);

    await page.locator('.map').scrollIntoViewIfNeeded();
    const line = await page.locator('path.track-line').first().boundingBox();
    if (!line) throw new Error('the track has no line');
    await page.mouse.move(line.x + line.width / 2, line.y + line.height / 2, { steps: 3 });
    await eventually('the value on the chart', async () => {
      const note = await speed
        .locator('.note .read')
        .innerText({ timeout: 2000 })
        .catch(() => '');
      return Math.abs(parseFloat(note) - 50) < 3 || undefined;
    });
    await page.context().close();
  });

  test('a browser whose clock is a day wrong shows the same', async () => {
    const context = await scene.browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await watchPolicy(page);
    await page.addInitScript(`{
      const origin = performance.timeOrigin - 86400000;
      Object.defineProperty(performance, 'timeOrigin', { get: () => origin });
      const now = Date.now.bind(Date);
      Date.now = () => now() - 86400000;
    }`);
    await page.goto(address('/devices/lab-1'));
    await chart(page)
      .locator('[data-resolution]', { hasText: /means|every/ })
      .waitFor();
    await lab.send([readings(air, [[nowUs(), 19.25]])]);
    await page.locator(`[data-newest="${airStream}"] .value:not(.stale)`, { hasText: '19.25' }).waitFor();
    await context.close();
  });

  test.each(['light', 'dark'] as const)(
    'frozen, with gaps and a table, axe finds nothing (%s)',
    async (colorScheme) => {
      const { page, complaints } = await open(frozen(290, 0), { colorScheme });
      await chart(page)
        .getByRole('button', { name: /^Table/ })
        .click();
      await page.getByText('suspect clock').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  test.each([1440, 1024, 390, 320])('needs no sideways scrolling at %i pixels, frozen', async (width) => {
    const { page } = await open(frozen(290, 0), { viewport: { width, height: 800 } });
    expect(await sidewaysOverflowPx(page)).toBeLessThanOrEqual(0);
    await page.context().close();
  });
});
