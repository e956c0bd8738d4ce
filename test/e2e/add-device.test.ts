import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOrRepair, startAgent, type Agent } from '@fieldline/edge';
import { createThermometer, systemClock, VirtualSensor } from '@fieldline/simulators';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { chromiumProgram, startChromium } from '../services/chromium.ts';
import { axeViolations, openPage } from './dashboard-checks.ts';
import { askGateway, startDashboard, TestDevice, type DashboardFixture } from './dashboard-fixture.ts';

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

describe.skipIf(chromiumProgram.missing)('adding a device', () => {
  let fixture: DashboardFixture;
  let browser: Browser;
  let token: string;
  let folder: string;
  const address = (path: string) => new URL(path, fixture.gateway.httpUrl).href;

  const open = (path: string) =>
    openPage(browser, address(path), { extraHTTPHeaders: { authorization: `Bearer ${token}` } });
  const openForm = () => open('/add-device');

  async function make(page: Page, name: string): Promise<void> {
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('button', { name: 'Make the claim' }).click();
  }

  /** What the page hands over to be saved. */
  async function savedFile(page: Page, button: string): Promise<{ name: string; text: string }> {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: button }).click(),
    ]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
  }

  const isDone = (page: Page, step: string) =>
    page.locator(`[data-arrival="${step}"][data-done="true"]`).waitFor();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fieldline-add-device-'));
    fixture = await startDashboard();
    browser = await startChromium();
    token = readFileSync(join(fixture.gateway.home, 'admin.token'), 'utf8').trim();
  });

  afterAll(async () => {
    await browser.close();
    await fixture.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('from the name to the first reading of a real agent that runs on the saved file', async () => {
    const { page, complaints } = await open('/');
    await page.getByRole('link', { name: 'Add a device' }).click();
    await page.getByText('This address leads the device to itself.').waitFor();
    await make(page, 'greenhouse-7');
    const command = await page.locator('[data-command]').innerText();
    expect(command).toContain('fieldline flash disk /dev/sdX --image raspios.img.xz --name greenhouse-7');
    expect(command).toContain(`--gateway ${fixture.gateway.mqttsUrl} --config greenhouse-7.yaml`);
    const { name, text } = await savedFile(page, 'Save greenhouse-7.yaml');
    expect(name).toBe('greenhouse-7.yaml');
    const file = parse(text);
    const { claim } = file.gateway;
    expect(claim).toMatch(/^greenhouse-7\.[\w-]{43}\.[\w-]{43}$/);
    expect([page.url().includes(claim), command.includes(claim)]).toEqual([false, false]);
    await page.locator('[data-arrival="powered"][aria-current="step"]').waitFor();
    expect(await axeViolations(page)).toEqual([]);

    const port = join(folder, 'air');
    const sensor = new VirtualSensor({ sensor: createThermometer({ ratePerSec: 5, seed: 7 }), clock: systemClock, link: port, record: join(folder, 'air.ndjson'), whileAway: 'hold' }); // prettier-ignore
    const sensors = [{ id: 'air', driver: 'thermometer', port }];
    const path = join(folder, name);
    writeFileSync(path, stringify({ ...file, dataDir: join(folder, 'data'), sensors }));
    let agent: Agent | undefined;
    try {
      sensor.start();
      agent = await startAgent(await loadOrRepair(path, {}), { logger: quiet });
      for (const step of ['powered', 'network', 'paired', 'reading']) await isDone(page, step);
      await page.getByText('greenhouse-7/air/temperature has arrived.').waitFor();
      await page.getByText('The claim is used. It is worth nothing any more.').waitFor();
      expect(await page.content()).not.toContain(claim);
      await page.reload();
      await isDone(page, 'reading');
      await page.getByRole('link', { name: 'Open its page' }).click();
      await page.getByRole('heading', { level: 1, name: 'greenhouse-7' }).waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await agent?.stop();
      await sensor.close();
      await page.context().close();
    }
  });

  test('a name that is none, and one that is taken, are told with what to do', async () => {
    const present = await TestDevice.register(fixture.gateway, 'roof-1');
    const { page, complaints } = await openForm();
    await make(page, 'Roof 1');
    await page.getByText('Begin with a letter or a digit').waitFor();
    await make(page, 'roof-1');
    const alert = page.getByRole('alert');
    await alert.filter({ hasText: 'A device called “roof-1” is registered already' }).waitFor();
    expect(await alert.getByRole('link').allInnerTexts()).toEqual(['credentials of devices', 'the device']);
    expect(await axeViolations(page)).toEqual([]);
    // A device that was registered and never came gets another claim.
    await askGateway(fixture.gateway, 'POST', '/api/v1/devices', { name: 'never-came' });
    await make(page, 'never-came');
    await page.getByRole('button', { name: 'Save never-came.yaml' }).waitFor();
    // The browser itself remarks on the answer 409.
    expect(complaints.filter((complaint) => !complaint.includes('409'))).toEqual([]);
    await present.stop();
    await page.context().close();
  });

  test('a reload shows the secret no more, and another claim ends the one before', async () => {
    const { page } = await openForm();
    await make(page, 'cellar-1');
    const first = await savedFile(page, 'Save cellar-1.yaml');
    await page.reload();
    await page.getByText('The claim was shown once and is not kept.').waitFor();
    expect(await page.content()).not.toContain(parse(first.text).gateway.claim);
    await page.locator('section', { hasText: '2. Put it on' }).getByRole('button', { name: 'Make another claim' }).click(); // prettier-ignore
    const second = await savedFile(page, 'Save cellar-1.yaml');
    expect(parse(second.text).gateway.claim).not.toBe(parse(first.text).gateway.claim);
    await page.context().close();
  });

  test('without TLS a device gets a password, after a word about it', async () => {
    const { page } = await openForm();
    await page.getByLabel('The gateway, as the device reaches it').fill('mqtt://192.0.2.7:1883');
    await page.getByText('everybody on its network can read along').waitFor();
    await page.getByLabel('an image file, for a card later').check();
    await make(page, 'plain-1');
    const { text } = await savedFile(page, 'Save plain-1.yaml');
    expect(parse(text).gateway).toEqual({ url: 'mqtt://192.0.2.7:1883', password: expect.any(String) });
    expect(await page.locator('[data-command]').innerText()).toMatch(/^fieldline flash image raspios/);
    await page.context().close();
  });
});

describe.skipIf(chromiumProgram.missing)('a claim that runs out', () => {
  test('is told with what to do, and another one is made there', async () => {
    const fixture = await startDashboard({ tls: { claimAge: '3s' } });
    const browser = await startChromium();
    try {
      const token = readFileSync(join(fixture.gateway.home, 'admin.token'), 'utf8').trim();
      const extraHTTPHeaders = { authorization: `Bearer ${token}` };
      const url = new URL('/add-device', fixture.gateway.httpUrl).href;
      const { page, complaints } = await openPage(browser, url, { extraHTTPHeaders });
      await page.getByLabel('Name', { exact: true }).fill('late-1');
      await page.getByRole('button', { name: 'Make the claim' }).click();
      const alert = page.getByRole('alert').filter({ hasText: 'The claim has run out before it was used.' });
      await alert.waitFor();
      expect(await page.locator('[data-command]').count()).toBe(0);
      await page.locator('section', { hasText: '2. Put it on' }).getByRole('button', { name: 'Make another claim' }).click(); // prettier-ignore
      await page.locator('[data-command]').waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      await fixture.stop();
    }
  });
});
