import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueryAnswer } from '@fieldline/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBenchDevice, type BenchDevice } from '../services/bench-device.ts';
import { chromiumProgram, startChromium } from '../services/chromium.ts';
import { startDemo, type RunningDemo } from '../services/demo.ts';
import { influxdProgram, startInfluxd, type Influxd } from '../services/influxd.ts';
import { influxQuery } from '../services/stored-counts.ts';
import { eventually } from '../services/wait.ts';
import { openPage } from './dashboard-checks.ts';

const stream = 'bench-1/probe/temperature';
/** What the newcomer is promised: seconds from the URL to the first chart that moves. */
const firstChartSec = 10;

describe.skipIf(influxdProgram.missing || chromiumProgram.missing)('npm start', () => {
  let influxd: Influxd;
  let demo: RunningDemo;
  let browser: Browser;
  let bench: BenchDevice;
  let urlAt: number;
  const home = mkdtempSync(join(tmpdir(), 'fieldline-e2e-'));

  beforeAll(async () => {
    influxd = await startInfluxd();
    browser = await startChromium();
    demo = await startDemo({
      command: ['npm', 'start', '--silent', '--'],
      args: ['--home', home],
      env: { FIELDLINE_INFLUX_URL: influxd.url },
    });
    urlAt = performance.now();
  });

  afterAll(async () => {
    await browser.close();
    await demo.interrupt();
    await influxd.remove();
    rmSync(home, { recursive: true, force: true });
  });

  test(`shows a chart that moves within ${firstChartSec} s of its URL`, async () => {
    const { page } = await openPage(browser, new URL('/devices/greenhouse-1', demo.ready.dashboard).href);
    const newest = page.locator('[data-newest="greenhouse-1/air/temperature"] .value');
    await page.locator('[data-chart="greenhouse-1/air/temperature"] canvas').waitFor();
    const first = await newest.innerText();
    await eventually('another value', async () => (await newest.innerText()) !== first || undefined);
    const seconds = (performance.now() - urlAt) / 1000;
    expect(seconds).toBeLessThan(firstChartSec);
    await page.context().close();
  });

  test('a temperature on a serial line is on the chart, in the API and in InfluxDB, at one time', async () => {
    const { dashboard, mqtt } = demo.ready;
    bench = await startBenchDevice({ device: 'bench-1', gateway: dashboard, mqtt, home });
    try {
      const beforeUs = Date.now() * 1000;
      await bench.say(21.5);
      await eventually('the first reading', () => queryFrom(dashboard, beforeUs, 1));
      await bench.say(-7.25);
      const answer = await eventually('both readings', () => queryFrom(dashboard, beforeUs, 2));
      expect(answer.mean).toEqual([21.5, -7.25]);
      expect(answer.unit).toBe('Cel');
      const [, timeUs] = answer.t;
      if (timeUs === undefined) throw new Error('the answer has values without times');
      expect(timeUs).toBeGreaterThanOrEqual(beforeUs);
      expect(timeUs).toBeLessThanOrEqual(Date.now() * 1000);
      expect(await influxPoints(influxd.url)).toEqual([
        [answer.t[0], 21.5],
        [timeUs, -7.25],
      ]);
      const { page } = await openPage(browser, new URL('/devices/bench-1', dashboard).href);
      expect(await newestRow(page)).toBe(`${shownTime(timeUs)}\t−7.25 °C`);
      await page.context().close();
    } finally {
      await bench.stop();
    }
  });
});

async function queryFrom(dashboard: string, fromUs: number, count: number): Promise<QueryAnswer | undefined> {
  const address = new URL('/api/v1/query', dashboard);
  const range = { from: String(fromUs), to: String(fromUs + 600e6), points: '500' };
  address.search = new URLSearchParams({ stream, ...range }).toString();
  const response = await fetch(address);
  if (!response.ok) return undefined;
  const answer = (await response.json()) as QueryAnswer;
  return answer.t.length >= count ? answer : undefined;
}

async function influxPoints(url: string): Promise<(number | null)[][]> {
  const [series] = await influxQuery(
    url,
    `SELECT temperature FROM thermometer WHERE device = 'bench-1' AND sensor = 'probe'`,
  );
  return series?.values ?? [];
}

async function newestRow(page: Page): Promise<string> {
  const chart = page.locator(`[data-chart="${stream}"]`);
  await chart.locator('canvas').waitFor();
  await chart.getByRole('button', { name: 'Table' }).click();
  return chart.locator('tbody tr').first().innerText();
}

/** As the page shows it in the browser's time zone, which is this process's. */
function shownTime(timeUs: number): string {
  const time = new Date(timeUs / 1000);
  return `${time.toLocaleTimeString('en-GB')}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}
