import type { SensorBlock } from '@fieldline/protocol';
import type { Page } from 'playwright-core';
import { nowUs, TestDevice } from '../e2e/dashboard-fixture.ts';
import { benchResult, type BenchResult } from './bench-result.ts';
import { openScreen } from './dashboard/screen.ts';

const streams = 20;
const daySec = 86_400;
const rowsPerBatch = 900;
const clicks = 5;
const limitMs = 300;

/**
 * `dashboard-day`: a day of 20 streams with a reading a second (1.7 million) in the embedded store; on the device's
 * page, with all 20 charts in the window, from the click on “24 h” until every chart has drawn it, beside the
 * limit; median of 5 clicks.
 *
 * Caveats: gateway and browser share this machine, and the browser draws in software. The store has answered the
 * same question before, from the second click on.
 */
export async function runDashboardDay(): Promise<BenchResult[]> {
  const screen = await openScreen();
  const { gateway } = screen.fixture;
  const device = await TestDevice.register(gateway, 'bench-1');
  try {
    const endUs = nowUs();
    for (let before = daySec; before > 0; before -= rowsPerBatch) await device.send([block(endUs, before)]);
    const page = await screen.browser.newPage({ viewport: { width: 1440, height: 3800 } });
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
    const about = { name: 'dashboard-day', unit: 'ms from the click', packages: ['svelte', 'uplot'] };
    return [benchResult({ ...about, ours: times, peer })];
  } finally {
    await device.stop();
    await screen.close();
  }
}

/** Clicks on “24 h”; ms until every chart says that it shows means of more than ten seconds. */
function clickDay(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const button = [...document.querySelectorAll('[data-time] button')].find((each) => each.textContent.trim() === '24 h');
    const startedMs = performance.now();
    const isDay = (each) => /^means of .*(min|h)$/.test(each.textContent.trim());
    const look = () => {
      const all = [...document.querySelectorAll('[data-resolution]')];
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
