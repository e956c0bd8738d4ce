import type { SensorBlock } from '@fieldline/protocol';
import type { Page } from 'playwright-core';
import { rollEveryMs } from '../../gateway/src/sinks/influxdb/rollups/roll-turns.ts';
import { nowUs, TestDevice } from '../e2e/dashboard-fixture.ts';
import { startInfluxd, type Influxd } from '../services/influxd.ts';
import { eventually } from '../services/wait.ts';
import { benchResult, type BenchResult } from './bench-result.ts';
import { openScreen, type Screen } from './dashboard/screen.ts';

const streams = 20;
const daySec = 86_400;
const rowsPerBatch = 900;
const clicks = 5;
const limitMs = 300;
/** How long a store may take to have what was acknowledged, and to roll it up. */
const settleMs = 120_000;
/** Whole hours that the day holds at least; the newest may be too new to be rolled up. */
const rolledHoursMin = 23 * streams;
/** Nothing more is rolled up when so much time has passed without: hours are looked for once a second. */
const idleMs = 3 * rollEveryMs;

/**
 * `dashboard-day`: a day of 20 streams with a reading a second (1.7 million) in the embedded store, and then in InfluxDB;
 * on the device's page, with all 20 charts in the window, from the click on “24 h” until every chart has drawn the
 * day and states its resolution and its lowest and highest, beside the limit; median of 5 clicks.
 *
 * Caveats: gateway, InfluxDB and browser share this machine, and the browser draws in software. The store has answered
 * the same question before, from the second click on. Hours in InfluxDB are rolled up before the first click, as they are of
 * a gateway that has run for longer than it takes to make them.
 */
export async function runDashboardDay(): Promise<BenchResult[]> {
  const embedded = await openScreen();
  const results = [await measureDay('dashboard-day', embedded)];
  const influxd = await startInfluxd();
  try {
    const screen = await openScreen(influxSettings(influxd));
    results.push(await measureDay('dashboard-day: InfluxDB', screen, untilRolledUp));
  } finally {
    await influxd.remove();
  }
  return results;
}

function influxSettings({ url }: Influxd) {
  return { stores: ['influxdb' as const], influxdb: { url } };
}

/** Closes the screen. `settled` resolves when the store, which holds the day, is at rest. */
async function measureDay(
  name: string,
  screen: Screen,
  settled: (page: Page, httpUrl: string) => Promise<void> = async () => undefined,
): Promise<BenchResult> {
  const { gateway } = screen.fixture;
  const device = await TestDevice.register(gateway, 'bench-1');
  try {
    const endUs = nowUs();
    for (let before = daySec; before > 0; before -= rowsPerBatch) await device.send([block(endUs, before)]);
    const page = await screen.browser.newPage({ viewport: { width: 1440, height: 3800 } });
    await untilStored(page, gateway.httpUrl);
    await settled(page, gateway.httpUrl);
    const times: number[] = [];
    for (let click = 0; click < clicks; click += 1) {
      await page.goto(new URL('/devices/bench-1?range=1m', gateway.httpUrl).href);
      await page
        .locator('[data-resolution]', { hasText: 'every reading' })
        .nth(streams - 1)
        .waitFor();
      times.push(await clickDay(page));
    }
    const peer = { name: 'the limit', values: times.map(() => limitMs) };
    return benchResult({ name, unit: 'ms from the click', packages: ['svelte', 'uplot'], ours: times, peer });
  } finally {
    await device.stop();
    await screen.close();
  }
}

/** Waits until the store holds the day. */
async function untilStored(page: Page, httpUrl: string): Promise<void> {
  const query = new URLSearchParams({
    stream: `bench-1/probe/q${streams - 1}`,
    points: '100',
    quantiles: 'false',
  });
  query.set('from', String(nowUs() - 2 * daySec * 1e6));
  const address = new URL(`/api/v1/query?${query.toString()}`, httpUrl).href;
  await page.goto(httpUrl);
  await eventually(
    'the day is stored',
    async () => {
      const answer = await page.evaluate<{ count: number[] }>(
        `fetch(${JSON.stringify(address)}).then((response) => response.json())`,
      );
      const stored = answer.count.reduce((sum, count) => sum + count, 0);
      return stored === daySec ? true : undefined;
    },
    settleMs,
  );
}

/**
 * Waits until InfluxDB holds rollups of the day. What was rolled up before the rest of its hour came is rolled up, and counted,
 * again: so that the count says when it is done by standing still.
 */
async function untilRolledUp(page: Page, httpUrl: string): Promise<void> {
  const address = JSON.stringify(new URL('/metrics', httpUrl).href);
  let hours = 0;
  let changedAtMs = performance.now();
  await eventually(
    'the day is rolled up',
    async () => {
      const metrics = await page.evaluate<string>(`fetch(${address}).then((response) => response.text())`);
      const found = Number(/^fieldline_influxdb_rolled_hours_total(?:\{.*\})? (\d+)$/m.exec(metrics)?.[1]);
      if (found !== hours) changedAtMs = performance.now();
      hours = found;
      return hours >= rolledHoursMin && performance.now() - changedAtMs > idleMs ? true : undefined;
    },
    settleMs,
  );
}

/**
 * Clicks on “24 h”; ms until every chart says that it shows means of minutes, and the lowest and highest of the day,
 * which is whole waves of ten volts: what is drawn meanwhile, the readings that the page had, reaches less far.
 */
function clickDay(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const button = [...document.querySelectorAll('[data-time] button')].find((each) => each.textContent.trim() === '24 h');
    const startedMs = performance.now();
    const isDay = (chart) =>
      /^means of .*(min|h)$/.test(chart.querySelector('[data-resolution]')?.textContent.trim()) &&
      /^.10\\.0* V to 10\\.0* V$/.test(chart.querySelector('.note')?.textContent.trim());
    const look = () => {
      const all = [...document.querySelectorAll('[data-chart]')];
      if (all.length === ${streams} && all.every(isDay)) resolve(performance.now() - startedMs);
      else requestAnimationFrame(look);
    };
    button.click();
    look();
  })`);
}

/** A batch of readings of all streams, from `before` seconds before the end on. */
function block(endUs: number, before: number): SensorBlock {
  const rows = Math.min(rowsPerBatch, before);
  const t = Float64Array.from({ length: rows }, (_, row) => endUs - (before - row) * 1e6);
  const column = (stream: number) =>
    Float64Array.from(t, (timeUs) => Math.round(Math.sin(timeUs / 4e9 + stream) * 1000) / 100);
  const fields = Object.fromEntries(
    Array.from({ length: streams }, (_, stream) => [`q${stream}`, { unit: 'V', v: column(stream) }]),
  );
  return { sensor: 'probe', type: 'bench', kind: 'readings', t, fields };
}
