import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumProgram, startChromium } from '../services/chromium.ts';
import { eventually } from '../services/wait.ts';
import { axeViolations, openPage } from './dashboard-checks.ts';
import { nowUs, readings, startDashboard, TestDevice, type DashboardFixture } from './dashboard-fixture.ts';

const second = 1_000_000;
const hourUs = 3600 * second;
/** More readings than a screen has columns, by far. */
const many = 200_000;
const adc = { sensor: 'adc', type: 'adc', unit: 'V' };

/** A slow network: what the gateway sends waits here for as long as nothing is let through. */
class SlowLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: URL) {
    this.#server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) {
        socket.on('error', () => socket.destroy());
        socket.on('close', () => this.#sockets.delete(socket));
        this.#sockets.add(socket);
      }
    });
  }

  static async open(url: string): Promise<SlowLine> {
    const line = new SlowLine(new URL(url));
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Nothing comes through any more; nothing is lost, and no connection ends. */
  hold(): void {
    for (const socket of this.#sockets) socket.pause();
  }

  release(): void {
    for (const socket of this.#sockets) socket.resume();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describe.skipIf(chromiumProgram.missing)('bad days', () => {
  let fixture: DashboardFixture;
  let browser: Browser;
  let device: TestDevice;
  let endUs: number;
  const address = (path: string) => new URL(path, fixture.gateway.httpUrl).href;
  const chart = (page: Page, quantity: string) => page.locator(`[data-chart="odd-1/adc/${quantity}"]`);

  /** Explore with one stream over a stretch that stands still. */
  function explore(quantity: string, fromUs: number, toUs: number): string {
    const [from, to] = [fromUs, toUs].map((timeUs) => new Date(timeUs / 1000).toISOString());
    return address(`/explore?s=odd-1/adc/${quantity}&from=${from}&to=${to}`);
  }

  async function table(page: Page, quantity: string): Promise<string[]> {
    await chart(page, quantity)
      .getByRole('button', { name: /^Table/ })
      .click();
    await chart(page, quantity).locator('tbody tr').first().waitFor();
    return chart(page, quantity).locator('tbody tr').allInnerTexts();
  }

  beforeAll(async () => {
    fixture = await startDashboard();
    browser = await startChromium();
    device = await TestDevice.register(fixture.gateway, 'odd-1');
    endUs = Math.floor(nowUs() / second) * second;
    await device.send([readings({ ...adc, quantity: 'lone' }, [[endUs - 30 * second, 1.25]])]);
    const holes = Array.from({ length: 21 }, (_, n) => [endUs - (21 - n) * second, n % 2 ? NaN : n] as const);
    await device.send([readings({ ...adc, quantity: 'holes' }, holes)]);
    const stepUs = hourUs / many;
    for (let from = 0; from < many; from += 20_000) {
      const points = Array.from({ length: 20_000 }, (_, n) => {
        const index = from + n;
        return [endUs - hourUs + Math.round(index * stepUs), index % 1000] as const;
      });
      await device.send([readings({ ...adc, quantity: 'many' }, points)]);
    }
  });

  afterAll(async () => {
    await browser.close();
    await device.stop();
    await fixture.stop();
  });

  test('a stretch without a reading says so', async () => {
    const { page, complaints } = await openPage(
      browser,
      explore('lone', endUs - 3 * hourUs, endUs - 2 * hourUs),
    );
    await chart(page, 'lone').getByText('No readings in this range').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('one reading is a reading: drawn, told, and reckoned with', async () => {
    const { page, complaints } = await openPage(browser, explore('lone', endUs - 60 * second, endUs));
    await chart(page, 'lone').locator('.u-over').waitFor();
    const rows = await table(page, 'lone');
    expect([rows.length, rows[0]?.includes('1.25')]).toEqual([1, true]);
    await page.getByRole('row', { name: /lone/ }).getByText('1.25').first().waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('what is no number leaves a hole, and no page of NaN', async () => {
    const { page, complaints } = await openPage(browser, explore('holes', endUs - 60 * second, endUs));
    await chart(page, 'holes').locator('.u-over').waitFor();
    const rows = await table(page, 'holes');
    expect(rows.length).toBe(11);
    expect(await page.locator('main').innerText()).not.toMatch(/NaN|undefined|null|Infinity/);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('very many readings are shown as means, all of them counted', async () => {
    const { page, complaints } = await openPage(browser, explore('many', endUs - hourUs, endUs));
    await chart(page, 'many').locator('.u-over').waitFor();
    await page.getByText(/^means of/).waitFor();
    await page.getByRole('row', { name: /many/ }).getByText('200,000').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('a line that holds everything back is said to be stale, and what was held back then arrives', async () => {
    const line = await SlowLine.open(fixture.gateway.httpUrl);
    const { page } = await openPage(browser, line.url);
    const value = page.locator('[data-stream="odd-1/adc/lone"]');
    await value.filter({ hasText: '1.25' }).waitFor();
    line.hold();
    await device.send([readings({ ...adc, quantity: 'lone' }, [[nowUs(), 7.75]])]);
    await page.locator('[data-connection]:not([data-connection="live"])').waitFor({ timeout: 60_000 });
    expect(await value.innerText()).toContain('1.25');
    expect(await axeViolations(page)).toEqual([]);
    line.release();
    await value.filter({ hasText: '7.75' }).waitFor({ timeout: 60_000 });
    await eventually('live again', async () =>
      (await page.locator('[data-connection="live"]').count()) > 0 ? true : undefined,
    );
    await page.context().close();
    line.close();
  });
});
