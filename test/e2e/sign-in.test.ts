import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumProgram, startChromium } from '../services/chromium.ts';
import { axeViolations, openPage } from './dashboard-checks.ts';
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
});
