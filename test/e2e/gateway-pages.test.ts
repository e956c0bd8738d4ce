import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditAnswer, TokensAnswer, UsersAnswer } from '@fieldline/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumProgram, startChromium } from '../services/chromium.ts';
import { eventually } from '../services/wait.ts';
import { axeViolations, openPage, sidewaysOverflowPx } from './dashboard-checks.ts';
import { askGateway, startDashboard, type DashboardFixture } from './dashboard-fixture.ts';

const password = 'four plain words here';

describe.skipIf(chromiumProgram.missing)('the pages about the gateway', () => {
  let fixture: DashboardFixture;
  let browser: Browser;
  let token: string;
  const address = (path: string) => new URL(path, fixture.gateway.httpUrl).href;
  const asAdmin = () => ({ extraHTTPHeaders: { authorization: `Bearer ${token}` } });

  async function get<Answer>(path: string, bearer = token): Promise<Answer> {
    const response = await fetch(address(path), { headers: { authorization: `Bearer ${bearer}` } });
    return (await response.json()) as Answer;
  }

  /** Presses the button that asks, and then the one that does it. */
  async function surely(page: Page, label: string, action: string): Promise<void> {
    await page.getByRole('button', { name: label }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: action, exact: true }).click();
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
  }

  beforeAll(async () => {
    fixture = await startDashboard();
    browser = await startChromium();
    token = (await readFile(join(fixture.gateway.home, 'admin.token'), 'utf8')).trim();
    await askGateway(fixture.gateway, 'POST', '/api/v1/devices', { name: 'cellar-1' });
  });

  afterAll(async () => {
    await browser.close();
    await fixture.stop();
  });

  test.each(['/users', '/audit', '/add-device?device=lab-9&since=1'])(
    '%s says what to do to whoever is no administrator',
    async (path) => {
      const { page } = await openPage(browser, address(path));
      await page.getByRole('alert').filter({ hasText: 'Only an administrator' }).waitFor();
      await page.getByText('fieldline user add NAME --role admin').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.context().close();
    },
  );

  test('users are added, given another role and password, and removed, by keyboard', async () => {
    const { page, complaints } = await openPage(browser, address('/users'), asAdmin());
    await page.getByText('Nobody has to sign in yet').waitFor();
    const form = page.getByRole('form', { name: 'Add a user' });
    await form.getByLabel('Name').fill('ada');
    await form.getByLabel('Password').fill('short');
    await form.getByLabel('Password').press('Enter');
    await form.getByRole('alert').filter({ hasText: 'too easy to guess' }).waitFor();
    expect(await form.getByLabel('Name').inputValue()).toBe('ada');
    await form.getByLabel('Password').fill(password);
    await form.getByLabel('Password').press('Enter');
    const row = page.locator('[data-user="ada"]');
    await row.waitFor();
    // The first one is proposed as an administrator.
    expect((await get<UsersAnswer>('/api/v1/users')).users).toMatchObject([{ name: 'ada', role: 'admin' }]);
    await row.getByLabel('Role of ada').selectOption('operator');
    await page.getByRole('status').filter({ hasText: 'ada is operator now' }).waitFor();
    await row.getByRole('button', { name: 'New password for ada' }).press('Enter');
    await page.getByRole('form', { name: 'New password for ada' }).locator('input').fill(`${password} too`);
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: 'ada has a new password' }).waitFor();
    expect((await get<UsersAnswer>('/api/v1/users')).users).toMatchObject([
      { name: 'ada', role: 'operator' },
    ]);
    // What asks first can be left by the Escape key, and the focus returns to where it was.
    await row.getByRole('button', { name: 'Remove ada' }).press('Enter');
    await page.getByRole('alertdialog', { name: 'Remove ada?' }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await eventually('the focus', async () =>
      (await page.evaluate<string>('document.activeElement?.getAttribute("aria-label") ?? ""')) ===
      'Remove ada'
        ? true
        : undefined,
    );
    await surely(page, 'Remove ada', 'Remove');
    await page.getByText('Nobody has to sign in yet').waitFor();
    expect((await get<UsersAnswer>('/api/v1/users')).users).toEqual([]);
    expect(page.url()).toBe(address('/users'));
    expect(complaints.filter((complaint) => !complaint.includes('400'))).toEqual([]);
    await page.context().close();
  });

  test('a token is shown once, never in the address, and ends when it is revoked', async () => {
    const { page, complaints } = await openPage(browser, address('/users'), asAdmin());
    const form = page.getByRole('form', { name: 'Make a token' });
    await form.getByLabel('What it is for').fill('night-export');
    await form.getByLabel('everything').check();
    await form.getByRole('button', { name: 'Make a token' }).click();
    const secret = await page.locator('[data-secret] code').innerText();
    const use = () => fetch(address('/api/v1/users'), { headers: { authorization: `Bearer ${secret}` } });
    expect((await use()).status).toBe(200);
    expect((await get<TokensAnswer>('/api/v1/tokens')).tokens).toMatchObject([
      { name: 'night-export', scopes: ['admin'] },
    ]);
    expect(page.url()).not.toContain(secret);
    await page.reload();
    await page.locator('[data-token="night-export"]').waitFor();
    expect(await page.content()).not.toContain(secret);
    await surely(page, 'Revoke night-export', 'Revoke');
    await page.getByText('No program has a token.').waitFor();
    expect((await use()).status).toBe(401);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('the credential of a device is revoked where it is listed', async () => {
    await askGateway(fixture.gateway, 'POST', '/api/v1/devices', { name: 'roof-2' });
    const { page } = await openPage(browser, address('/users'), asAdmin());
    await page.getByLabel('Find a device').fill('ROOF');
    await surely(page, 'Revoke roof-2', 'Revoke');
    await page.locator('[data-credential="roof-2"]', { hasText: 'revoked' }).waitFor();
    expect(await get('/api/v1/devices/roof-2')).toMatchObject({ revoked: true });
    await page.context().close();
  });

  test('the audit log is searched by who, what and when, and turned page by page', async () => {
    for (let number = 0; number < 60; number += 1)
      await askGateway(fixture.gateway, 'POST', '/api/v1/devices', { name: `pump-${number}` });
    const { page, complaints } = await openPage(browser, address('/audit'), asAdmin());
    const rows = page.locator('[data-entry]');
    const subjects = () => page.locator('[data-entry] .subject').allInnerTexts();
    await rows.first().waitFor();
    expect([await rows.count(), (await subjects())[0]]).toEqual([50, 'pump-59']);
    await page.getByRole('link', { name: 'Older' }).click();
    await eventually('the next page', async () => (await subjects())[0] === 'pump-9' || undefined);
    await page.getByRole('link', { name: 'Newest' }).click();
    await eventually('the first page', async () => (await subjects())[0] === 'pump-59' || undefined);
    await page.getByLabel('What, or to what').fill('PUMP-33');
    await eventually('what was looked for', async () => (await rows.count()) === 1 || undefined);
    expect(new URL(page.url()).search).toBe('?what=PUMP-33');
    await page.getByLabel('Who, or from where').fill('nobody <script>');
    await page.getByText('No entry is like that.').waitFor();
    await page.getByRole('link', { name: 'Show all entries' }).click();
    await eventually('all of them', async () => (await rows.count()) === 50 || undefined);
    const { entries } = await get<AuditAnswer>('/api/v1/audit?limit=1000');
    const first = entries.find(({ subject }) => subject === 'pump-0');
    await page.goto(address(`/audit?until=${first?.atUs}`));
    await eventually('what was before', async () => (await subjects())[0] === 'roof-2' || undefined);
    expect(await page.getByLabel('Until').inputValue()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('about says what runs here, and under which licences', async () => {
    const { page, complaints } = await openPage(browser, address('/about'), asAdmin());
    await page.locator('[data-about="version"]', { hasText: /^\d+\.\d+\.\d+/ }).waitFor();
    await page.locator('[data-about="store"]', { hasText: 'SQLite' }).waitFor();
    const { port } = new URL(fixture.gateway.mqttsUrl ?? '');
    await page.locator('[data-about="ports"]', { hasText: `mqtts://127.0.0.1:${port}` }).waitFor();
    expect(await page.locator('[data-schema]').count()).toBe(4);
    await page.locator('summary', { hasText: 'MIT' }).click();
    await page.locator('[data-package="aedes"]', { hasText: 'MIT' }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  describe.each([
    ['/users', '[data-credential]'],
    ['/audit', '[data-entry]'],
    ['/about', '[data-schema]'],
    ['/add-device', 'form'],
  ])('%s', (path, ready) => {
    test.each(['light', 'dark'] as const)('axe finds nothing (%s)', async (colorScheme) => {
      const { page, foreign } = await openPage(browser, address(path), { ...asAdmin(), colorScheme });
      await page.locator(ready).first().waitFor();
      expect(await axeViolations(page)).toEqual([]);
      expect(foreign).toEqual([]);
      await page.context().close();
    });

    test.each([1440, 1024, 390, 320])('needs no sideways scrolling at %i pixels', async (width) => {
      const options = { ...asAdmin(), viewport: { width, height: 800 } };
      const { page } = await openPage(browser, address(path), options);
      await page.locator(ready).first().waitFor();
      expect(await sidewaysOverflowPx(page)).toBeLessThanOrEqual(0);
      await page.context().close();
    });
  });
});
