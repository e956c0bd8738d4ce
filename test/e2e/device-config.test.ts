import type { DryRunAnswer } from '@fieldline/protocol';
import { createThermometer } from '@fieldline/simulators';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumProgram, startChromium } from '../services/chromium.ts';
import { RemoteRig } from '../services/remote-rig.ts';
import { eventually } from '../services/wait.ts';
import { axeViolations, openPage, sidewaysOverflowPx } from './dashboard-checks.ts';
import { buildDashboard } from './dashboard-fixture.ts';

/** More presses of Tab than any page has places. */
const mostTabs = 150;

/** A change waits for the end of a window, which has up to 30 s here. */
const appliedWithinMs = 90_000;

/** Presses Tab until the focus is on what `selector` finds. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let press = 0; press < mostTabs; press += 1) {
    await page.keyboard.press('Tab');
    const there = await page.evaluate<boolean>(
      `document.activeElement?.matches(${JSON.stringify(selector)}) ?? false`,
    );
    if (there) return;
  }
  throw new Error(`the Tab key does not lead to ${selector}`);
}

/** The window of the first sensor in the form. */
function windowField(page: Page) {
  return page.getByLabel('window', { exact: true }).first();
}

async function stateOf(page: Page): Promise<string> {
  const state = page.locator('[data-config-state]');
  return `${await state.getAttribute('data-version')} ${await state.getAttribute('data-config-state')}`;
}

describe.skipIf(chromiumProgram.missing)('the configuration page', () => {
  let rig: RemoteRig;
  let browser: Browser;
  let agent: Record<string, unknown>;
  const address = (path: string) => new URL(path, rig.gateway.httpUrl).href;
  const asAdmin = () => ({ extraHTTPHeaders: { authorization: rig.authorization } });

  async function openConfig(options = {}): Promise<{ page: Page; complaints: string[]; foreign: string[] }> {
    const opened = await openPage(browser, address('/devices/lab-1/config'), { ...asAdmin(), ...options });
    await windowField(opened.page).waitFor();
    await opened.page.locator('[data-editor] .cm-content').waitFor();
    return opened;
  }

  async function setWindow(page: Page, text: string): Promise<void> {
    await windowField(page).fill(text);
    await windowField(page).blur();
    await page.locator('[data-change="sensors.air.window"]', { hasText: text }).waitFor();
  }

  async function apply(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Apply', exact: true }).click();
  }

  async function isState(page: Page, state: string): Promise<void> {
    await eventually(state, async () => (await stateOf(page)) === state || undefined, appliedWithinMs);
  }

  beforeAll(async () => {
    rig = new RemoteRig();
    await rig.startGateway({ dashboardDirectory: await buildDashboard(rig.folder) });
    browser = await startChromium();
    const air = rig.addSensor('air', createThermometer({ ratePerSec: 20, seed: 7 }));
    const sensors = [{ id: 'air', driver: 'thermometer', port: rig.port('air'), window: '10s' }];
    agent = { flush: '200ms', sensors };
    await rig.startAgent(agent);
    air.start();
    await rig.ask('POST', '/api/v1/devices', { name: 'lab-2' });
    await eventually('a recording', async () => {
      const path = '/api/v1/devices/lab-1/config/dry-run';
      const tried = await rig.ask<DryRunAnswer>('POST', path, { config: { sensors } });
      return (tried.next?.sensors[0]?.spanSec ?? 0) > 4 || undefined;
    });
  });

  afterAll(async () => {
    await browser.close();
    await rig.end();
  });

  test('by keyboard alone: freeze, zoom, export, change a window from 10 s to 30 s, see it applied', async () => {
    const { page, complaints } = await openPage(browser, address('/'), asAdmin());
    await page.getByRole('link', { name: 'lab-1' }).waitFor();
    await tabTo(page, 'a[href="/devices/lab-1"]');
    await page.keyboard.press('Enter');
    await page.locator('[data-chart] .u-over').waitFor();
    // A first window: what is exported later holds something.
    await page.locator('[data-newest] .value', { hasText: /\d/ }).waitFor();
    await tabTo(page, '[data-chart] .plot');
    await page.keyboard.press(' ');
    await page.locator('[data-time="frozen"]').waitFor();
    const span = await page.locator('[data-span]').innerText();
    await page.keyboard.press('+');
    await eventually(
      'the zoom',
      async () => (await page.locator('[data-span]').innerText()) !== span || undefined,
    );

    await tabTo(page, 'a[href^="/explore"]:not(nav a)');
    await page.keyboard.press('Enter');
    await page.locator('[data-chart] [data-resolution]').waitFor();
    for (const format of ['csv', 'png']) {
      await tabTo(page, `[data-save="${format}"]`);
      const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
      expect(download.suggestedFilename()).toMatch(new RegExp(`\\.${format}$`));
    }
    const rows = /: (\d+) rows?,/.exec(await page.locator('[data-export="saved"]').innerText())?.[1];
    expect(Number(rows)).toBeGreaterThan(0);

    await page.goBack();
    await tabTo(page, 'a[href="/devices/lab-1/config"]');
    await page.keyboard.press('Enter');
    await windowField(page).waitFor();
    await tabTo(page, `#${await windowField(page).getAttribute('id')}`);
    expect(await windowField(page).inputValue()).toBe('10s');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('30s');
    await tabTo(page, 'button.button-main');
    await page.keyboard.press('Enter');
    await isState(page, '1 applied');
    expect((await rig.config()).reported?.config).toMatchObject({ sensors: [{ id: 'air', window: '30s' }] });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('the preview draws what would be sent, and says what it costs and saves', async () => {
    const { page } = await openConfig();
    await setWindow(page, 'none');
    const error = page.locator('[data-preview="air/temperature"] [data-worst-error]');
    await eventually('no error', async () => (await error.innerText()) === '0.00 °C' || undefined);
    const bytes = async () => {
      const cells = await page.locator('[data-figures="bytes"] td').allInnerTexts();
      return cells.map((text) => Number(text.replaceAll(',', '')));
    };
    const raw = (await bytes())[1] ?? 0;
    await setWindow(page, '2s');
    await eventually('some error', async () => parseFloat(await error.innerText()) > 0 || undefined);
    expect((await bytes())[1]).toBeLessThan(raw);
    expect(await page.locator('[data-preview="air/temperature"] path.sent').getAttribute('d')).toContain('H');
    await page.context().close();
  });

  test('a proposal keeps to the largest error that was asked for, and goes into the change', async () => {
    const { page } = await openConfig();
    await page.getByLabel('How', { exact: true }).selectOption('deadband');
    await page.getByLabel('At most').fill('0.2');
    await page.getByRole('button', { name: 'Suggest' }).click();
    const proposal = page.locator('[data-suggestion="0.2"]');
    await proposal.waitFor();
    expect(await proposal.innerText()).toMatch(
      /^Proposed: deadband 0\.2 °C, largest error 0\.[012]\d °C, [\d,]+ bytes a day\./,
    );
    await page.getByRole('button', { name: 'Put it into the change' }).click();
    await page.locator('[data-change^="sensors.air.streams"]').first().waitFor();
    expect(await page.locator('[data-editor] .cm-content').innerText()).toContain('absolute: 0.2');
    await page.context().close();
  });

  test('what is wrong stands beside its place, in the form and in the text, and is not applied', async () => {
    const { page } = await openConfig();
    await setWindow(page, 'fast');
    await page.locator('[data-problem]', { hasText: 'sensors[0].window' }).waitFor();
    await page.locator('[data-field-problem="sensors[0].window"]').waitFor();
    await page.locator('.cm-lintRange-error').waitFor({ state: 'attached' });
    expect(await page.getByRole('button', { name: 'Apply', exact: true }).isDisabled()).toBe(true);
    const text = page.locator('[data-editor] .cm-content');
    await text.focus();
    await page.keyboard.press('ControlOrMeta+a');
    // Emptied by the editor itself: over a selection the browser would write text with the style of the old one.
    await page.keyboard.press('Delete');
    await page.keyboard.type('sensors: [');
    await page.getByText('The form comes back').waitFor();
    await page.getByRole('button', { name: 'Discard the changes' }).click();
    await windowField(page).waitFor();
    expect(await page.locator('[data-problem]').count()).toBe(0);
    await page.context().close();
  });

  test('what is applied before the device has tried it waits for the device, and is not set if it finds a fault', async () => {
    const { page } = await openConfig();
    const { version } = (await rig.config()).desired ?? { version: 0 };
    const held: (() => void)[] = [];
    await page.route('**/dry-run', async (route) => {
      await new Promise<void>((resolve) => held.push(resolve));
      await route.continue();
    });
    const letGo = async () => {
      await eventually('a trial', () => held.length > 0 || undefined);
      for (const go of held.splice(0)) go();
    };
    await setWindow(page, 'fast');
    await apply(page);
    await letGo();
    await page.locator('[data-problem]', { hasText: 'sensors[0].window' }).waitFor();
    await setWindow(page, '11s');
    await apply(page);
    await letGo();
    await isState(page, `${version + 1} applied`);
    expect((await rig.config()).reported?.config).toMatchObject({ sensors: [{ window: '11s' }] });
    await page.context().close();
  });

  test('what the device refuses to try is told, and is not set by the press that came before', async () => {
    const { page } = await openConfig();
    const { version } = (await rig.config()).desired ?? { version: 0 };
    const body = JSON.stringify({
      code: 'API_DEVICE_REFUSED',
      title: 'No',
      detail: 'It must not run.',
      status: 502,
    });
    const contentType = 'application/problem+json';
    await page.route('**/dry-run', (route) => route.fulfill({ status: 502, contentType, body }));
    await setWindow(page, '12s');
    await apply(page);
    await page.getByText('The device could not try it').waitFor();
    await page.getByRole('button', { name: 'Apply', exact: true, disabled: false }).waitFor();
    expect((await rig.config()).desired?.version ?? 0).toBe(version);
    await page.context().close();
  });

  test('a change outlives the session and a reload', async () => {
    const { page } = await openConfig();
    await setWindow(page, '20s');
    const { version } = (await rig.config()).desired ?? { version: 0 };
    // The session ends: the gateway no longer knows who this is.
    await page.context().setExtraHTTPHeaders({});
    await apply(page);
    await page.getByRole('alert').filter({ hasText: 'Your change is kept in this tab' }).waitFor();
    await page.context().setExtraHTTPHeaders({ authorization: rig.authorization });
    await page.reload();
    await page.locator('[data-change="sensors.air.window"]', { hasText: '20s' }).waitFor();
    await apply(page);
    await isState(page, `${version + 1} applied`);
    await page.reload();
    await page.getByText('No changes.').waitFor();
    await page.context().close();
  });

  test('two people change one device: nothing is lost, and each conflict is decided', async () => {
    const [first, second] = [await openConfig(), await openConfig()];
    const { version } = (await rig.config()).desired ?? { version: 0 };
    await setWindow(second.page, '7s');
    await second.page.getByLabel('flush', { exact: true }).fill('300ms');
    await second.page.getByLabel('flush', { exact: true }).blur();
    await setWindow(first.page, '6s');
    await apply(first.page);
    await isState(first.page, `${version + 1} applied`);
    const conflict = second.page.locator('[data-conflict]');
    await conflict.waitFor();
    expect(await conflict.locator('fieldset').count()).toBe(1);
    expect(await windowField(second.page).inputValue()).toBe('7s');
    await conflict.getByLabel('Theirs: 6s').check();
    await conflict.getByRole('button', { name: 'Join both' }).click();
    await apply(second.page);
    await isState(second.page, `${version + 2} applied`);
    expect((await rig.config()).reported?.config).toMatchObject({
      flush: '300ms',
      sensors: [{ window: '6s' }],
    });
    await first.page.context().close();
    await second.page.context().close();
  });

  test('the same change for other devices is told device by device', async () => {
    const { page } = await openConfig();
    await setWindow(page, '9s');
    await page.locator('[data-many="lab-2"] input').check();
    await page.getByRole('button', { name: 'Apply to 1 device' }).click();
    // It has no such sensor: it is left as it is, and says so.
    await page
      .locator('[data-many="lab-2"] [data-outcome="unchanged"]', { hasText: 'sensors.air.window' })
      .waitFor();
    expect((await rig.ask<{ desired: unknown }>('GET', '/api/v1/devices/lab-2/config')).desired).toBeNull();
    await page.context().close();
  });

  test.each(['light', 'dark'] as const)(
    'axe finds nothing, nothing leaves the origin (%s)',
    async (colorScheme) => {
      const { page, foreign, complaints } = await openConfig({ colorScheme });
      await setWindow(page, '2s');
      await page.locator('[data-worst-error]').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] });
      await page.context().close();
    },
  );

  test.each([1440, 1024, 390, 320])('needs no sideways scrolling at %i pixels', async (width) => {
    const { page } = await openConfig({ viewport: { width, height: 800 } });
    expect(await sidewaysOverflowPx(page)).toBeLessThanOrEqual(0);
    await page.context().close();
  });

  test('a device that is away gets it when it returns, and its refusal is told with path and reason', async () => {
    const { page } = await openConfig();
    const { version } = (await rig.config()).desired ?? { version: 0 };
    await rig.stopAgent();
    await page.reload();
    await page.getByText('The device could not try it').waitFor({ timeout: 40_000 });
    await setWindow(page, 'fast');
    await apply(page);
    await isState(page, `${version + 1} waiting`);
    await rig.startAgent(agent);
    await isState(page, `${version + 1} rejected`);
    await page.locator('.error', { hasText: 'sensors[0].window' }).waitFor();
    await page.context().close();
  });
});
