import { chromium as playwright, type Browser } from 'playwright-core';
import { requireProgram } from './skips.ts';

/** Chromium, or `missing`. Playwright's own download is not used: the browser is a Debian package. */
export const chromiumProgram = requireProgram(
  'chromium',
  ['/usr/bin/chromium', 'chromium', 'chromium-browser', 'google-chrome'],
  'apt-get install chromium',
);

/** As root, in a container, without a graphics card; and nothing that calls home. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a headless browser. The caller closes it. */
export async function startChromium(): Promise<Browser> {
  return playwright.launch({ executablePath: chromiumProgram.path, args: flags });
}
