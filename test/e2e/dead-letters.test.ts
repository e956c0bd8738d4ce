import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumProgram } from '../services/chromium.ts';
import { eventually } from '../services/wait.ts';
import { axeViolations, sidewaysOverflowPx } from './dashboard-checks.ts';
import { askGateway, nowUs, readings } from './dashboard-fixture.ts';
import { dashboardScene } from './dashboard-scene.ts';

const air = { sensor: 'air', type: 'thermometer', quantity: 'temperature', unit: 'Cel' };

/** Would run, turn the writing round, or clear a terminal, if it were not escaped. */
const odd = '<img src=x onerror=alert(1)>\u202e\u0000\u001b[2J';

describe.skipIf(chromiumProgram.missing)('the dead letters page', () => {
  let operator: { authorization: string };

  const scene = dashboardScene(
    async ({ device, gateway }) => {
      const well = await device('well-1');
      const pump = await device('pump-1');
      await well.sendRaw(Buffer.from(`{"v":1,"device":"well-1","note":"${odd}"}`));
      await well.sendRaw(Buffer.from(odd));
      await well.sendRaw(Buffer.from(odd));
      await pump.sendRaw(Buffer.alloc(400, 0xa5));
      const path = '/api/v1/tokens';
      const body = { name: 'shift', scopes: ['operator'] };
      const { token } = await askGateway<{ token: string }>(gateway, 'POST', path, body);
      operator = { authorization: `Bearer ${token}` };
    },
    { limits: { streamsPerDevice: 1 } },
  );

  const open = (path: string, options = {}) => scene.open(path, { extraHTTPHeaders: operator, ...options });
  const rows = (page: Page) => page.locator('[data-letter]');

  /** The row of what well-1 sent twice. */
  const twice = (page: Page) => rows(page).filter({ hasText: 'well-1' }).filter({ hasText: '<img' }).first();

  test('each letter has its reason, device, count and first bytes, escaped', async () => {
    const { page, complaints } = await open('/dead-letters');
    await rows(page).first().waitFor();
    expect(await rows(page).count()).toBe(3);
    const row = twice(page);
    expect(await row.locator('td').allInnerTexts()).toEqual(
      expect.arrayContaining(['well-1', '2', `${Buffer.byteLength(odd)} B`]),
    );
    await row.getByRole('button').click();
    const details = row.locator('[data-letter-details]');
    const hex = (await details.locator('[data-hex]').innerText()).split('\n')[0];
    expect(hex).toBe('0000  3c 69 6d 67 20 73 72 63 3d 78 20 6f 6e 65 72 72  <img src=x onerr');
    expect(await details.locator('[data-text]').innerText()).toBe(
      '<img src=x onerror=alert(1)>\\u{202e}\\x00\\x1b[2J',
    );
    expect(await page.locator('main img').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('device, reason and the open letter stand in the address', async () => {
    const { page } = await open('/dead-letters?device=pump-1');
    await rows(page).first().waitFor();
    expect(await rows(page).count()).toBe(1);
    await rows(page).getByRole('button').click();
    await page.getByText('The first 256 bytes of 400 B').waitFor();
    const { searchParams } = new URL(page.url());
    expect(Number(searchParams.get('open'))).toBeGreaterThan(0);
    await page.reload();
    await page.getByText('The first 256 bytes of 400 B').waitFor();
    await page.goto(scene.address('/dead-letters?device=nobody'));
    await page.getByText('No dead letter is like that.').waitFor();
    await page.getByRole('link', { name: 'Show all' }).click();
    await eventually('all', async () => (await rows(page).count()) === 3 || undefined);
    const code = await rows(page).first().locator('th code').innerText();
    await page.getByLabel('Reason').selectOption(code);
    await eventually(
      'the address',
      async () => new URL(page.url()).searchParams.get('code') === code || undefined,
    );
    await page.context().close();
  });

  test('a letter is downloaded as it came', async () => {
    const { page } = await open('/dead-letters');
    await twice(page).getByRole('button').click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^dead-letter-\d+\.bin$/);
    expect((await readFile(await download.path())).toString('utf8')).toBe(odd);
    await page.context().close();
  });

  test('who may only read sees and downloads, and is told what changes need', async () => {
    const { page } = await scene.open('/dead-letters');
    await page.getByText('sign in as somebody with the role operator').waitFor();
    await twice(page).getByRole('button').click();
    await page.getByRole('link', { name: 'Download' }).waitFor();
    expect(await page.getByRole('button', { name: /Replay|Discard/ }).count()).toBe(0);
    await page.context().close();
  });

  test('by keyboard: a letter is replayed, and what is refused again says why', async () => {
    const { page } = await open('/dead-letters');
    const row = twice(page);
    await row.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await row.getByRole('button', { name: 'Replay' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-told]', { hasText: /^Dead letter \d+ was refused again: \w+/ }).waitFor();
    expect(await rows(page).count()).toBe(3);
    await page.context().close();
  });

  test('a letter is discarded for good only after a second word', async () => {
    const { page } = await open('/dead-letters?device=pump-1');
    await rows(page).getByRole('button').first().click();
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByRole('button', { name: 'Discard for good' }).click();
    await page.locator('[data-told]', { hasText: /^Dead letter \d+ is gone\.$/ }).waitFor();
    await page.getByText('No dead letter is like that.').waitFor();
    await page.context().close();
  });

  test.each(['light', 'dark'] as const)('axe finds nothing, a letter open (%s)', async (colorScheme) => {
    const { page, foreign } = await open('/dead-letters', { colorScheme });
    await twice(page).getByRole('button').click();
    await page.locator('[data-hex]').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(foreign).toEqual([]);
    await page.context().close();
  });

  test.each([1440, 1024, 390, 320])('needs no sideways scrolling at %i pixels', async (width) => {
    const { page } = await open('/dead-letters', { viewport: { width, height: 800 } });
    await twice(page).getByRole('button').click();
    await page.locator('[data-hex]').waitFor();
    expect(await sidewaysOverflowPx(page)).toBeLessThanOrEqual(0);
    await page.context().close();
  });

  test('a letter whose cause is gone is stored by a replay, and the page follows by itself', async () => {
    const { page } = await open('/dead-letters?device=crowd-1');
    await page.getByText('No dead letter is like that.').waitFor();
    const crowd = await scene.device('crowd-1');
    const at = nowUs();
    await crowd.send([readings(air, [[at, 20]]), readings({ ...air, sensor: 'soil' }, [[at, 12]])]);
    await rows(page).filter({ hasText: 'STREAM_LIMIT' }).waitFor();
    await scene.gateway.stop();
    await scene.fixture.restart({ limits: { streamsPerDevice: 2 } });
    await rows(page).getByRole('button').first().click();
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.locator('[data-told]', { hasText: /^Dead letter \d+ is stored now\.$/ }).waitFor();
    await page.getByText('No dead letter is like that.').waitFor();
    await page.goto(scene.address('/devices/crowd-1'));
    await page.locator('[data-chart="crowd-1/soil/temperature"]').waitFor();
    await page.context().close();
  });
});
