/**
 * Takes the pictures of the documentation: `npm run screenshots [-- --url URL] [--settle SECONDS] [--only PAGE]…`.
 * Without a URL it runs a demo of its own. Needs Chromium (`apt-get install chromium`, or `CHROMIUM=PATH`).
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { startDemo } from '../test/services/demo.ts';

/** A rule that would have fired on what the demo's greenhouse measures. */
const drawnRule = {
  name: 'Greenhouse is warm',
  enabled: true,
  severity: 'warning',
  kind: 'threshold',
  fields: { streams: 'greenhouse-1/air/temperature', is: 'above', limit: '20', clear: '18' },
  for: '5s',
  deliverTo: [],
  remedy: 'Open the roof.',
};

const pages = {
  fleet: '/',
  device: '/devices/greenhouse-1',
  map: '/devices/rover-1',
  config: '/devices/greenhouse-1/config',
  explore: '/explore?s=greenhouse-1/air/temperature&s=greenhouse-1/soil/temperature&q=p50,p95',
  'fleet-map': '/map',
  pipeline: '/pipeline',
  ledger: '/ledger',
  'add-device': '/add-device',
  users: '/users',
  audit: '/audit',
  about: '/about',
  'dead-letters': '/dead-letters',
  alerts: '/alerts?show=rules',
  'alert-rule': `/alerts/new?draft=${encodeURIComponent(JSON.stringify(drawnRule))}`,
};
const sizes = {
  wide: { width: 1440, height: 900 },
  laptop: { width: 1024, height: 768 },
  phone: { width: 390, height: 844 },
};
const schemes = ['light', 'dark'] as const;
const directory = join(dirname(import.meta.dirname), 'docs/images');
/** Running as root, and off every network but loopback. */
const chromiumFlags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      settle: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
    },
  });
  const settleMs = Number(values.settle ?? 60) * 1000;
  const demo = values.url === undefined ? await startDemo({ args: [] }) : undefined;
  const browser = await chromium.launch({ executablePath: findChromium(), args: chromiumFlags.split(' ') });
  try {
    if (demo) {
      console.log(`waiting ${settleMs / 1000} s for charts worth looking at`);
      await sleep(settleMs);
    }
    const url = values.url ?? demo?.ready.dashboard ?? '';
    await takeAll(browser, url, { home: demo?.ready.home, only: values.only });
  } finally {
    await browser.close();
    await demo?.interrupt();
  }
}

/**
 * With the home of a gateway the pictures are taken as its administrator: they show what may be changed too.
 * `only`: names of pages; empty takes all.
 */
async function takeAll(
  browser: Browser,
  url: string,
  { home, only }: { home: string | undefined; only: readonly string[] },
): Promise<void> {
  const token = home === undefined ? undefined : readFileSync(join(home, 'admin.token'), 'utf8').trim();
  const wanted = Object.entries(pages).filter(([name]) => only.length === 0 || only.includes(name));
  for (const [name, path] of wanted)
    for (const [size, viewport] of Object.entries(sizes))
      for (const colorScheme of schemes) {
        // `fleet.png` is the picture of the README; the others say what they are.
        const details = [size === 'wide' ? '' : size, colorScheme === 'light' ? '' : colorScheme];
        const file = [name, ...details].filter(Boolean).join('-');
        await take(browser, new URL(path, url).href, { viewport, colorScheme, token, file: `${file}.png` });
      }
}

interface Shot {
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: 'light' | 'dark';
  readonly token: string | undefined;
  readonly file: string;
}

async function take(browser: Browser, url: string, shot: Shot): Promise<void> {
  const { viewport, colorScheme, token, file } = shot;
  const extraHTTPHeaders = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: 1, extraHTTPHeaders });
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.message));
  await page.goto(url);
  await page
    .locator('canvas')
    .first()
    .waitFor({ timeout: 5000 })
    .catch(() => undefined);
  // Charts draw what they have fetched and what arrives live; two seconds show both.
  await page.waitForTimeout(2000);
  await page.screenshot({ path: join(directory, file) });
  await page.close();
  console.log(`${file}${failures.length > 0 ? `  page errors: ${failures.join('; ')}` : ''}`);
}

function findChromium(): string {
  const candidates = [
    process.env['CHROMIUM'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found === undefined)
    throw new Error('Chromium is not installed; install it with: apt-get install chromium');
  return found;
}
