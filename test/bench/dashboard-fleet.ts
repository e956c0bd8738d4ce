import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { nowUs, readings, TestDevice } from '../e2e/dashboard-fixture.ts';
import { benchResult, type BenchResult } from './bench-result.ts';
import { keepSending, openScreen, watchFrames } from './dashboard/screen.ts';

const devices = 10_000;
const sendEveryMs = 100;
const scrolledMs = 10_000;
/** CSS pixels a display frame: the whole fleet passes in half a minute. */
const scrollPx = 260;
/** As high as the list, with as many lines. */
const stripedPage = `<body style="margin: 0"><div style="height: ${devices * 48}px;
  background: repeating-linear-gradient(#fff 0 47px, #ccc 47px 48px)"></div>`;
const limits = { firstRowMs: 1000, framesPerSec: 55 };

/**
 * `dashboard-fleet`: 10,000 registered devices in the fleet's list, in Chromium on this machine, while one of them
 * sends ten times a second: from the start of the navigation to the first row, and the median of the frames a
 * second while the list scrolls; each beside its limit, the latter beside a striped page without a script, too: what this
 * machine gives at most.
 *
 * Caveats: the devices are copies in the gateway's database, and all but one have never sent: their rows hold
 * no values. The gateway shares the processor with the browser, which draws in software.
 */
export async function runDashboardFleet(): Promise<BenchResult[]> {
  const screen = await openScreen();
  const { fixture } = screen;
  const first = await TestDevice.register(fixture.gateway, 'copied-00000');
  await first.stop();
  await fixture.gateway.stop();
  copyDevice(fixture.gateway.home, 'copied-00000', devices - 2);
  await fixture.restart();
  const sender = await TestDevice.register(fixture.gateway, 'a-sender');
  const air = { sensor: 'air', type: 'thermometer', quantity: 'temperature', unit: 'Cel' };
  const stopSending = keepSending(
    () => sender.send([readings(air, [[nowUs(), Math.random()]])]),
    sendEveryMs,
  );
  try {
    const page = await screen.browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript(`new MutationObserver((_, observer) => {
      if (!document.querySelector('[data-device]')) return;
      globalThis.firstRowMs = performance.now();
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true })`);
    await page.goto(fixture.gateway.httpUrl);
    await page.locator('[data-device]').first().waitFor();
    const firstRowMs = await page.evaluate<number>('globalThis.firstRowMs');
    const scroll = `scrollBy(0, ${scrollPx})`;
    const { framesPerSec } = await watchFrames(page, scrolledMs, scroll);
    await page.goto('about:blank');
    await page.setContent(stripedPage);
    const striped = await watchFrames(page, scrolledMs, scroll);
    return [
      result('dashboard-fleet', 'ms to the first row', firstRowMs, limits.firstRowMs),
      result('dashboard-fleet: scrolling', 'frames/s, median', framesPerSec, limits.framesPerSec),
      benchResult({
        name: 'dashboard-fleet: scrolling, beside a striped page',
        unit: 'frames/s, median',
        ours: [framesPerSec],
        peer: { name: 'a page of stripes without a script', values: [striped.framesPerSec] },
        packages: ['svelte'],
      }),
    ];
  } finally {
    await stopSending();
    await sender.stop();
    await screen.close();
  }
}

function result(name: string, unit: string, ours: number, limit: number): BenchResult {
  return benchResult({
    name,
    unit,
    ours: [ours],
    peer: { name: 'the limit', values: [limit] },
    packages: ['svelte'],
  });
}

/** Gives a gateway that does not run `count` devices like one that it knows: to register each would take minutes. */
function copyDevice(home: string, known: string, count: number): void {
  const database = new DatabaseSync(join(home, 'gateway.db'));
  database.exec('BEGIN');
  database.prepare('CREATE TEMP TABLE copied AS SELECT * FROM devices WHERE id = ?').run(known);
  const rename = database.prepare('UPDATE copied SET id = ?');
  const insert = database.prepare('INSERT INTO devices SELECT * FROM copied');
  for (let n = 1; n <= count; n += 1) {
    rename.run(`copied-${String(n).padStart(5, '0')}`);
    insert.run();
  }
  database.exec('COMMIT');
  database.close();
}
