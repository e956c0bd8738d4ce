import type { Browser, CDPSession, Page } from 'playwright-core';
import type { GatewayOptions } from '@fieldline/gateway';
import { startChromium } from '../../services/chromium.ts';
import { startDashboard, type DashboardFixture } from '../../e2e/dashboard-fixture.ts';
import { median } from '../bench-result.ts';

/** A gateway with the dashboard as it stands in the source, and a browser before it, on this machine. */
export interface Screen {
  readonly fixture: DashboardFixture;
  readonly browser: Browser;
  close(): Promise<void>;
}

/** Builds the dashboard and starts both; the gateway with these settings. */
export async function openScreen(settings: Partial<GatewayOptions> = {}): Promise<Screen> {
  const fixture = await startDashboard(settings);
  const browser = await startChromium();
  return {
    fixture,
    browser,
    async close() {
      await browser.close();
      await fixture.stop();
    },
  };
}

/** What a page did for a while. */
export interface Smoothness {
  /** Median of the frames a second, from the time between two display frames. */
  readonly framesPerSec: number;
  /** The longest task of the main thread, ms; 0 where none lasted 50 ms (Long Tasks API). */
  readonly longestTaskMs: number;
}

/** Watches the display frames of a page for `forMs`; `eachFrame`, a script, runs in every one of them. */
export async function watchFrames(page: Page, forMs: number, eachFrame = ''): Promise<Smoothness> {
  const found = await page.evaluate<{
    intervals: number[];
    longestTaskMs: number;
  }>(`new Promise((resolve) => {
    let longestTaskMs = 0;
    const tasks = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longestTaskMs = Math.max(longestTaskMs, duration);
    });
    tasks.observe({ type: 'longtask' });
    const intervals = [];
    const startedMs = performance.now();
    let beforeMs = startedMs;
    const frame = (nowMs) => {
      intervals.push(nowMs - beforeMs);
      beforeMs = nowMs;
      ${eachFrame};
      if (nowMs - startedMs < ${forMs}) requestAnimationFrame(frame);
      else resolve({ intervals: intervals.slice(2), longestTaskMs });
    };
    requestAnimationFrame(frame);
  })`);
  return { framesPerSec: 1000 / median(found.intervals), longestTaskMs: found.longestTaskMs };
}

/** Sends again and again until the returned function is called, which waits for what is under way. */
export function keepSending(send: () => Promise<void>, everyMs: number): () => Promise<void> {
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = Promise.all([last, send()]).then(() => undefined);
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await last;
  };
}

/** Bytes of JavaScript that are in use, after a collection. */
export async function heapBytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize;
}
