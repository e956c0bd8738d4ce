import { gzipSync } from 'node:zlib';
import type { Screen } from './dashboard/screen.ts';
import { openScreen } from './dashboard/screen.ts';
import { benchResult, type BenchResult } from './bench-result.ts';

const loads = 5;
const limits = { gzipBytes: 150_000, interactiveMs: 1000 };

/**
 * `dashboard-first-page`: what the first screen loads before any chart is drawn, as bytes of script and style in gzip
 * (the fonts and pictures beside them are not counted), and the time from the start of the navigation until the
 * page answers: the live socket has spoken and the main thread is free; each beside its limit, medians of 5 loads
 * into an empty cache.
 *
 * Caveats: gateway and browser share this machine; nothing lies between them but loopback.
 */
export async function runDashboardFirstPage(): Promise<BenchResult[]> {
  const screen = await openScreen();
  try {
    const measured: FirstPage[] = [];
    for (let load = 0; load < loads; load += 1) measured.push(await loadOnce(screen));
    return [
      result(
        'dashboard-first-page',
        'bytes of gzip',
        measured.map(({ gzipBytes }) => gzipBytes),
        limits.gzipBytes,
      ),
      result(
        'dashboard-first-page: interactive',
        'ms',
        measured.map(({ interactiveMs }) => interactiveMs),
        limits.interactiveMs,
      ),
    ];
  } finally {
    await screen.close();
  }
}

interface FirstPage {
  readonly gzipBytes: number;
  readonly interactiveMs: number;
}

async function loadOnce({ browser, fixture }: Screen): Promise<FirstPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const bodies: Promise<Buffer>[] = [];
  page.on('response', (response) => {
    if (/\.(js|css)$/.test(new URL(response.url()).pathname)) bodies.push(response.body());
  });
  await page.goto(fixture.gateway.httpUrl);
  await page.waitForSelector('[data-connection="live"]');
  const interactiveMs = await page.evaluate<number>(
    'new Promise((resolve) => requestIdleCallback(() => resolve(performance.now())))',
  );
  await page.waitForLoadState('networkidle');
  const sizes = (await Promise.all(bodies)).map((body) => gzipSync(body).length);
  await context.close();
  return { gzipBytes: sizes.reduce((sum, size) => sum + size, 0), interactiveMs };
}

function result(name: string, unit: string, ours: readonly number[], limit: number): BenchResult {
  const values = ours.map(() => limit);
  return benchResult({ name, unit, ours, peer: { name: 'the limit', values }, packages: ['svelte', 'vite'] });
}
