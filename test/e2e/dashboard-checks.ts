import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

/** A page that remembers everything it should not have done. */
export interface WatchedPage {
  readonly page: Page;
  /** Requests and sockets to another origin than the gateway's. */
  readonly foreign: string[];
  /** Exceptions and console errors, breaches of the content security policy among them. */
  readonly complaints: string[];
  /** What the content security policy has refused: one line a directive and place. Empty at the end, or the test fails. */
  readonly breaches: string[];
}

/** Opens `url` in a fresh context and waits until the live socket has answered. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const origin = new URL(url).host;
  const watched: WatchedPage = { page, foreign: [], complaints: [], breaches: await watchPolicy(page) };
  const look = (address: string) => {
    if (new URL(address).host !== origin) watched.foreign.push(address);
  };
  page.on('request', (request) => look(request.url()));
  page.on('websocket', (socket) => look(socket.url()));
  page.on('pageerror', (error) => watched.complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') watched.complaints.push(message.text());
  });
  await page.goto(url);
  await page.waitForSelector('[data-connection="live"]');
  return watched;
}

/**
 * Notes from now on what the content security policy refuses on `page`, and fails the test at its end where anything was
 * noted. The listener stands before the first script of the page.
 */
export async function watchPolicy(page: Page): Promise<string[]> {
  const breaches: string[] = [];
  await page.exposeFunction('noteBreach', (breach: string) => void breaches.push(breach));
  await page.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
    noteBreach([event.effectiveDirective, event.blockedURI, event.sourceFile, event.lineNumber].join(' ')));`);
  onTestFinished(() => expect(breaches).toEqual([]));
  return breaches;
}

/** What axe finds on the page as it is shown now: one line a violation and element. */
export async function axeViolations(page: Page): Promise<string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(source);
  const results = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } };
    return axe.run({ resultTypes: ['violations'] });
  });
  return results.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

/** CSS pixels by which the page is wider than its window. */
export function sidewaysOverflowPx(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
}

/**
 * Pixels in the colour of the line on the chart of `stream`, in columns between two times; the chart ends at
 * about now and spans `rangeUs`. The last 58 CSS pixels are the value axis.
 */
export function linePixels(
  page: Page,
  stream: string,
  view: { fromUs: number; toUs: number; rangeUs: number },
): Promise<number> {
  const script = `(() => {
    const { stream, fromUs, toUs, rangeUs } = ${JSON.stringify({ stream, ...view })};
    const article = document.querySelector('[data-chart="' + stream + '"]');
    const canvas = article.querySelector('canvas');
    const [r, g, b] = getComputedStyle(article).getPropertyValue('--series-1').trim()
      .match(/[0-9a-f]{2}/g).map((part) => parseInt(part, 16));
    const plot = canvas.width - 58 * devicePixelRatio;
    const x = (timeUs) => Math.round((1 - (Date.now() * 1000 - timeUs) / rangeUs) * plot);
    const { data } = canvas.getContext('2d').getImageData(x(fromUs), 0, x(toUs) - x(fromUs), canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      const distance = Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b);
      if (data[at + 3] > 128 && distance < 60) count += 1;
    }
    return count;
  })()`;
  return page.evaluate<number>(script);
}
