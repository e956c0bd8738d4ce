import { createServer, type Server } from 'node:http';
import type { AlertRulesAnswer, AlertsAnswer } from '@fieldline/protocol';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumProgram } from '../services/chromium.ts';
import { eventually } from '../services/wait.ts';
import { axeViolations, sidewaysOverflowPx } from './dashboard-checks.ts';
import { askGateway, nowUs, readings, type TestDevice } from './dashboard-fixture.ts';
import { dashboardScene } from './dashboard-scene.ts';

const second = 1_000_000;
const air = { sensor: 'air', type: 'thermometer', quantity: 'temperature', unit: 'Cel' };
const stream = 'store-1/air/temperature';
const tooWarm = {
  name: 'Cold store is too warm',
  enabled: true,
  severity: 'critical',
  condition: { kind: 'threshold', streams: '*/air/temperature', is: 'above', limit: 8, clear: 6 },
  for: '5s',
  deliverTo: ['oncall'],
};

/** The page asks at such times; what it must show by itself comes within them. */
const soon = { timeout: 30_000 };

describe.skipIf(chromiumProgram.missing)('the pages of alerts', () => {
  let operator: { authorization: string };
  let store: TestDevice;
  let endUs: number;
  let receiver: Server;
  const received: string[] = [];
  const webhook = { url: '' };

  // Before the scene: the gateway's file names where messages go.
  beforeAll(async () => {
    receiver = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => received.push(chunk.toString('utf8')));
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const address = receiver.address();
    if (typeof address === 'object' && address) webhook.url = `http://127.0.0.1:${address.port}/hook`;
  });

  /** One reading a second of 4, then `hot` seconds of 9, ending at `endUs`. */
  const warmed = (cold: number, hot: number) =>
    Array.from({ length: cold + hot }, (_, index): [number, number] => [
      endUs - (cold + hot - index) * second,
      index < cold ? 4 : 9,
    ]);

  const scene = dashboardScene(
    async ({ device, gateway }) => {
      store = await device('store-1');
      endUs = Math.floor(nowUs() / second) * second;
      const body = { name: 'shift', scopes: ['operator'] };
      const { token } = await askGateway<{ token: string }>(gateway, 'POST', '/api/v1/tokens', body);
      operator = { authorization: `Bearer ${token}` };
      await askGateway(gateway, 'PUT', '/api/v1/alerts/rules/too-warm', tooWarm);
      await store.send([readings(air, warmed(60, 20))]);
    },
    { alerts: { webhooks: { oncall: webhook } } },
  );

  afterAll(() => receiver.close());

  const open = (path: string, options = {}) => scene.open(path, { extraHTTPHeaders: operator, ...options });
  const first = (page: Page) => page.locator('[data-alert]').first();
  const ask = async <Answer>(path: string): Promise<Answer> => {
    const response = await fetch(scene.address(path), { headers: operator });
    return (await response.json()) as Answer;
  };

  /** The stretch of the history that holds both what was cold and what was hot. */
  const stretch = () => {
    const at = (before: number) => new Date((endUs - before * second) / 1000).toISOString();
    return `from=${at(90)}&to=${at(0)}`;
  };

  test('what fires is shown with its state, value and message, and the record of what was sent', async () => {
    const { page, complaints } = await open('/alerts');
    await first(page).waitFor();
    expect(await first(page).getAttribute('data-state')).toBe('firing');
    expect(await first(page).innerText()).toContain('9.00 °C');
    await first(page).getByRole('button').first().click();
    await page.getByText('above 8', { exact: false }).waitFor();
    expect(new URL(page.url()).searchParams.get('open')).toMatch(/^\d+$/);
    await page.locator('[data-delivery="delivered"]', { hasText: 'oncall' }).waitFor(soon);
    expect(JSON.parse(received[0] ?? '{}')).toMatchObject({ event: 'firing' });
    await page.reload();
    await page.locator('[data-delivery="delivered"]').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('who may only read sees all of it, and is told what changes need', async () => {
    const { page } = await scene.open('/alerts');
    await first(page).getByRole('button').first().click();
    await page.getByText('sign in as somebody with the role operator').waitFor();
    await page.getByText('Messages about it').waitFor();
    expect(await page.getByRole('button', { name: /Acknowledge|Silence/ }).count()).toBe(0);
    await page.goto(scene.address('/alerts/rules/too-warm'));
    await page.getByText('Trying a rule needs the role operator.').waitFor();
    expect(await page.getByLabel('Limit', { exact: true }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Save the rule' }).count()).toBe(0);
    await page.context().close();
  });

  test('by keyboard: an alert is acknowledged with a note, and silenced for a while', async () => {
    const { page } = await open('/alerts');
    await first(page).getByRole('button').first().focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Note').focus();
    await page.keyboard.type('on <b>my</b> way');
    await page.keyboard.press('Enter');
    await page.locator('[data-acknowledged]', { hasText: 'on <b>my</b> way' }).waitFor(soon);
    await page.getByRole('button', { name: 'Silence', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('For', { exact: true }).selectOption('1800');
    await page.getByLabel('Reason').fill('defrosting');
    await page.keyboard.press('Enter');
    const silence = page.locator('[data-silence]', { hasText: 'defrosting' });
    await silence.waitFor(soon);
    const { alerts, silences } = await ask<AlertsAnswer>('/api/v1/alerts');
    expect(alerts[0]).toMatchObject({ silenced: true, acknowledged: { note: 'on <b>my</b> way' } });
    expect(silences[0]).toMatchObject({ rule: 'too-warm', subject: stream });
    await silence.getByRole('button', { name: 'End it' }).click();
    await silence.waitFor({ state: 'detached', ...soon });
    await page.context().close();
  });

  test('a draft paints where it would have fired, and follows what is typed; the address holds it', async () => {
    const { page, complaints } = await open(`/alerts/new?${stretch()}`);
    const drawn = () =>
      page.evaluate<string>(`document.querySelector('[data-chart="${stream}"] canvas').toDataURL()`);
    const says = page.locator('[data-trial-says]');
    await page.getByLabel('Name', { exact: true }).fill('Warm <script>alert(1)</script>');
    await page.getByLabel('Streams').fill('*/air/temperature');
    await page.getByLabel('Limit', { exact: true }).fill('100');
    await says.getByText('It would not have fired').waitFor(soon);
    await page.locator(`[data-chart="${stream}"] [data-resolution]`, { hasText: /\S/ }).waitFor();
    await page.getByLabel('Limit', { exact: true }).fill('8');
    await says.getByText('It would have fired once').waitFor(soon);
    const lasting = page.locator(`[data-interval="${stream}"]`);
    expect(await lasting.innerText()).toContain('9.00 °C');
    const painted = await drawn();
    // It fires as soon as the value is beyond; held back for 10 s it fires so much later.
    await page.getByLabel('Must hold for').fill('10s');
    const [before] = [await lasting.locator('td').first().innerText()];
    await eventually(
      'a later time',
      async () => (await lasting.locator('td').first().innerText()) !== before || undefined,
    );
    await eventually('another picture', async () => (await drawn()) !== painted || undefined);
    await page.reload();
    await says.getByText('It would have fired once').waitFor(soon);
    expect(await page.getByLabel('Must hold for').inputValue()).toBe('10s');
    expect(await page.locator('main script').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('a rule of each kind is made in the form, and stands in the list', async () => {
    const kinds: Record<string, Record<string, string>> = {
      rate: { Streams: '*', 'Limit, a second': '0.5', 'Taken over': '10s' },
      stuck: { Streams: stream, After: '5m' },
      'no-data': { Streams: stream, After: '1h' },
      'silent-device': { Devices: 'store-1', After: '1d' },
      geofence: { Sensors: '*/gnss', Latitude: '47.6', Longitude: '8.5', 'Radius, in m': '500' },
      ledger: { Devices: '*' },
      stage: { Stages: '*', Above: '0.9' },
    };
    const { page, complaints } = await open('/alerts?show=rules');
    for (const [kind, fields] of Object.entries(kinds)) {
      await page.goto(scene.address('/alerts/new'));
      await page.getByLabel('Name', { exact: true }).fill(`Rule of ${kind}`);
      await page.getByLabel('Looks for').selectOption(kind);
      for (const [label, text] of Object.entries(fields))
        await page.getByLabel(label, { exact: true }).fill(text);
      await page.getByRole('switch').click();
      await page.getByRole('button', { name: 'Save the rule' }).click();
      await eventually(
        'its page',
        async () => page.url().includes(`/alerts/rules/rule-of-${kind}`) || undefined,
      );
    }
    await page.goto(scene.address('/alerts?show=rules'));
    for (const kind of Object.keys(kinds)) await page.locator(`[data-rule="rule-of-${kind}"]`).waitFor();
    const { rules } = await ask<AlertRulesAnswer>('/api/v1/alerts/rules');
    const fence = rules.find(({ id }) => id === 'rule-of-geofence');
    expect(fence).toMatchObject({ enabled: false, condition: { fence: { shape: 'circle', radiusM: 500 } } });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('what is missing or wrong stands beside its field, and what the gateway refuses is told', async () => {
    const { page } = await open('/alerts/new');
    await page.getByRole('button', { name: 'Save the rule' }).click();
    await eventually(
      'all that is missing',
      async () => (await page.locator('[data-field-problem]').count()) === 3 || undefined,
    );
    await page.getByLabel('Name', { exact: true }).fill('Cold store is too warm');
    await page.getByLabel('Streams').fill('a/b');
    await page.getByText('Write device/sensor/quantity').waitFor();
    await page.getByLabel('Streams').fill('*/air/temperature');
    await page.getByLabel('Limit', { exact: true }).fill('8');
    await page.getByLabel('Over when back within').fill('9');
    await page.getByText('It could not be tried.').waitFor(soon);
    await page.getByLabel('Name', { exact: true }).fill('Too warm');
    await page.getByText('There is a rule “too-warm” already').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Turned round');
    await page.getByRole('button', { name: 'Save the rule' }).click();
    await page.locator('[data-told]', { hasText: 'It is not saved.' }).waitFor();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Turned round');
    await page.context().close();
  });

  test('a rule is changed, and what fired under it is over and in the history', async () => {
    const { page } = await open('/alerts/rules/too-warm');
    await page.getByLabel('Limit', { exact: true }).fill('20');
    await page.getByRole('button', { name: 'Save the rule' }).click();
    await page.locator('[data-told]', { hasText: 'Saved.' }).waitFor();
    expect(await page.getByRole('button', { name: 'Save the rule' }).isDisabled()).toBe(true);
    await page.getByRole('link', { name: 'Alerts', exact: true }).click();
    await page.getByText('Nothing fires.').waitFor(soon);
    await page.getByRole('link', { name: 'History' }).click();
    await page.locator('[data-alert][data-state="resolved"]').waitFor(soon);
    await page.getByLabel('Subject').fill('nothing/at/all');
    await page.keyboard.press('Enter');
    await page.getByText('Nothing like that has fired.').waitFor();
    expect(new URL(page.url()).searchParams.get('subject')).toBe('nothing/at/all');
    await page.getByLabel('Subject').fill('');
    await page.keyboard.press('Enter');
    await page.getByLabel('Rule').selectOption('too-warm');
    await first(page).locator('a').click();
    // The subject leads to its stream at that time, which stands still.
    await page.locator(`[data-chart="${stream}"]`).waitFor();
    await page.locator('[data-time="frozen"]').waitFor();
    await page.context().close();
  });

  test('a channel is tried, and the record says what became of it', async () => {
    const { page } = await open('/alerts?show=deliveries');
    await page.getByRole('button', { name: 'Send a test to oncall' }).click();
    await page.locator('[data-delivery="delivered"]', { hasText: 'test' }).waitFor(soon);
    await eventually(
      'the message',
      async () => received.some((text) => text.includes('"event":"test"')) || undefined,
    );
    await page.context().close();
  });

  test('a rule that came with the gateway is as it came again, one of our own is gone', async () => {
    const { page } = await open('/alerts/rules/stage-saturated');
    await page.getByLabel('Above', { exact: true }).fill('0.5');
    await page.getByRole('button', { name: 'Save the rule' }).click();
    await page.locator('[data-told]', { hasText: 'Saved.' }).waitFor();
    await page.getByRole('button', { name: 'As it came' }).click();
    await page.getByRole('button', { name: 'Remove it' }).click();
    await eventually(
      '0.9',
      async () => (await page.getByLabel('Above', { exact: true }).inputValue()) === '0.9' || undefined,
    );
    await page.goto(scene.address('/alerts/rules/rule-of-stuck'));
    await page.getByRole('button', { name: 'Remove the rule' }).click();
    await page.getByRole('button', { name: 'Remove it' }).click();
    await page.locator('[data-rule="too-warm"]').waitFor();
    expect(await page.locator('[data-rule="rule-of-stuck"]').count()).toBe(0);
    await page.goto(scene.address('/alerts/rules/rule-of-stuck'));
    await page.getByText('No rule is called “rule-of-stuck”.').waitFor();
    await page.context().close();
  });

  const paths = [
    '/alerts?show=history',
    '/alerts?show=rules',
    '/alerts?show=deliveries',
    '/alerts/rules/too-warm',
  ];
  describe.each(paths)('%s', (path) => {
    const shown = (page: Page) =>
      page
        .locator('[data-alert], [data-rule], [data-delivery], [data-trial="answered"]')
        .first()
        .waitFor(soon);

    test.each(['light', 'dark'] as const)('axe finds nothing (%s)', async (colorScheme) => {
      const { page, foreign } = await open(path, { colorScheme });
      await shown(page);
      const more = page.locator('[data-alert] button[aria-expanded]').first();
      if ((await more.count()) > 0) await more.click();
      expect(await axeViolations(page)).toEqual([]);
      expect(foreign).toEqual([]);
      await page.context().close();
    });

    test.each([1440, 1024, 390, 320])('needs no sideways scrolling at %i pixels', async (width) => {
      const { page } = await open(path, { viewport: { width, height: 800 } });
      await shown(page);
      expect(await sidewaysOverflowPx(page)).toBeLessThanOrEqual(0);
      await page.context().close();
    });
  });
});
