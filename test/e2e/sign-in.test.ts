import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumProgram, startChromium } from '../services/chromium.ts';
import { axeViolations, openPage, watchPolicy } from './dashboard-checks.ts';
import { startDashboard, type DashboardFixture } from './dashboard-fixture.ts';

const password = 'four plain words here';

describe.skipIf(chromiumProgram.missing)('signing in', () => {
  let fixture: DashboardFixture;
  let browser: Browser;
  let admin: Record<string, string>;

  beforeAll(async () => {
    fixture = await startDashboard();
    browser = await startChromium();
    const token = (await readFile(join(fixture.gateway.home, 'admin.token'), 'utf8')).trim();
    admin = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  });

  afterAll(async () => {
    await browser.close();
    await fixture.stop();
  });

  const addUser = (name: string) =>
    fetch(`${fixture.gateway.httpUrl}/api/v1/users`, {
      method: 'POST',
      headers: admin,
      body: JSON.stringify({ name, role: 'viewer', password }),
    });

  test('the printed address signs a browser in and shows the fleet; then the first user has to sign in', async () => {
    const { page, complaints } = await openPage(browser, fixture.gateway.dashboardUrl);
    await page.getByRole('heading', { level: 1, name: 'Fleet' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    const session = await page.evaluate(async () => (await fetch('/api/v1/session')).json());
    expect(session).toMatchObject({ name: 'setup', role: 'admin', hasUsers: false });
    expect((await addUser('ada')).status).toBe(201);
    await page.reload();
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: 'wrong' }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Signed in as ada (viewer)').waitFor();
    // HttpOnly: the cookie is there, and no script sees it.
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await page.context().cookies()).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    // The browser itself remarks on the password that was refused; nothing else may be said.
    expect(complaints.filter((complaint) => !complaint.includes('401'))).toEqual([]);
    await page.close();
  });

  test('a session that ends during an edit asks to sign in over the page, and the edit goes on', async () => {
    const as = (method: string, path: string, body: object) =>
      fetch(`${fixture.gateway.httpUrl}${path}`, { method, headers: admin, body: JSON.stringify(body) });
    await as('POST', '/api/v1/users', { name: 'olga', role: 'operator', password });
    await as('POST', '/api/v1/devices', { name: 'lab-1' });
    const config = { sensors: [{ id: 'air', driver: 'thermometer', port: '/dev/ttyS0', window: '10s' }] };
    await as('PUT', '/api/v1/devices/lab-1/config', { config, version: 0 });

    const page = await (await browser.newContext()).newPage();
    await watchPolicy(page);
    await page.goto(new URL('/devices/lab-1/config', fixture.gateway.httpUrl).href);
    await page.getByLabel('Name').fill('olga');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const field = page.getByLabel('window', { exact: true }).first();
    await field.fill('30s');
    await field.press('Tab');
    await page.locator('[data-change="sensors.air.window"]').waitFor();
    await page.evaluate('globalThis.samePage = true');

    // Another password ends every session of hers.
    const nextPassword = `${password} and more`;
    await as('PUT', '/api/v1/users/olga', { password: nextPassword });
    const again = page.getByRole('dialog', { name: 'Your session has ended' });
    await again.waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    expect(await again.getByLabel('Name').inputValue()).toBe('olga');
    await again.getByLabel('Password').fill(nextPassword);
    await again.getByLabel('Password').press('Enter');
    await again.waitFor({ state: 'detached' });
    expect(await page.evaluate('globalThis.samePage')).toBe(true);
    expect(await field.inputValue()).toBe('30s');
    await page.locator('[data-connection="live"]').waitFor();

    await page.getByRole('button', { name: 'Apply', exact: true }).click();
    await page.locator('[data-config-state="waiting"][data-version="2"]').waitFor();
    await page.context().close();
  });

  test('whoever signs in after somebody else gets a page of their own', async () => {
    const as = (method: string, path: string, body: object) =>
      fetch(`${fixture.gateway.httpUrl}${path}`, { method, headers: admin, body: JSON.stringify(body) });
    for (const name of ['first', 'second'])
      await as('POST', '/api/v1/users', { name, role: 'viewer', password });
    const page = await (await browser.newContext()).newPage();
    await watchPolicy(page);
    await page.goto(fixture.gateway.httpUrl);
    await page.getByLabel('Name').fill('first');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Signed in as first (viewer)').waitFor();
    await page.evaluate('globalThis.samePage = true');
    await as('PUT', '/api/v1/users/first', { role: 'operator' });
    const again = page.getByRole('dialog', { name: 'Your session has ended' });
    await again.getByLabel('Name').fill('second');
    await again.getByLabel('Password').fill(password);
    await again.getByLabel('Password').press('Enter');
    await page.getByText('Signed in as second (viewer)').waitFor();
    expect(await page.evaluate('globalThis.samePage')).toBe(undefined);
    await page.context().close();
  });
});
