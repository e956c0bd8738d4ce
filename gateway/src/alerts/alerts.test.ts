import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  AlertDeliveriesAnswer,
  AlertHistoryAnswer,
  AlertRulesAnswer,
  AlertsAnswer,
  AlertTestAnswer,
  statusTopic,
  type AlertRuleDraft,
  type DevicesAnswer,
} from '@fieldline/protocol';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { batchOf, publishBatch, startRig, type GatewayRig } from '../gateway-rig.ts';
import type { AlertNotice } from './delivery/channel.ts';

const hot: AlertRuleDraft = {
  name: 'Too warm',
  enabled: true,
  severity: 'critical',
  condition: { kind: 'threshold', streams: '*/air/temperature', is: 'above', limit: 30, clear: 28 },
  for: '0s',
  deliverTo: ['hook'],
};

/** A real HTTP server that keeps what it was sent. */
class Receiver {
  readonly server: Server;
  readonly notices: AlertNotice[] = [];
  status = 200;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.notices.push(JSON.parse(Buffer.concat(chunks).toString()) as AlertNotice);
        response.writeHead(this.status).end();
      });
    }).listen(0, '127.0.0.1');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }
}

describe('alerts of a running gateway', () => {
  let rig: GatewayRig;
  let receiver: Receiver;

  const begin = async (home?: string): Promise<void> => {
    if (!receiver.server.listening) await once(receiver.server, 'listening');
    rig = await startRig({
      ...(home === undefined ? {} : { home }),
      alerts: { webhooks: { hook: { url: receiver.url } } },
    });
  };
  const get = async <Schema extends TSchema>(path: string, schema: Schema): Promise<Static<Schema>> => {
    const answer: unknown = await (await rig.get(`/api/v1/alerts${path}`)).json();
    expect([...Value.Errors(schema, answer)]).toEqual([]);
    return answer as Static<Schema>;
  };
  const put = (id: string, draft: AlertRuleDraft): Promise<Response> =>
    rig.send('PUT', `/api/v1/alerts/rules/${id}`, draft);
  const open = async () => (await get('', AlertsAnswer)).alerts;

  afterEach(async () => {
    await rig.end();
    receiver.server.close();
    receiver.notices.length = 0;
  });

  test('fires, is delivered, acknowledged, outlives a restart, and is over', async () => {
    receiver = new Receiver();
    await begin();
    expect((await put('too-warm', hot)).status).toBe(200);
    const password = await rig.addDevice('porch');
    const device = await rig.connect('porch', password);
    await publishBatch(device, batchOf('porch', 1, { value: 20 }));
    await publishBatch(device, batchOf('porch', 2, { value: 31 }));
    await vi.waitFor(() => expect(receiver.notices).toHaveLength(1), { timeout: 15_000 });
    const [alert] = await open();
    expect(alert).toMatchObject({
      rule: 'too-warm',
      state: 'firing',
      value: 31,
      unit: 'Cel',
      acknowledged: null,
    });
    expect(alert?.message).toBe('porch/air/temperature is 31 °C, above 30 °C.');
    expect(receiver.notices[0]).toMatchObject({ event: 'firing', alert: { id: alert?.id } });
    const acknowledged = await rig.post(`/api/v1/alerts/${alert?.id}/acknowledge`, { note: 'seen' });
    expect(await acknowledged.json()).toMatchObject({ acknowledged: { by: 'admin.token', note: 'seen' } });

    device.end(true);
    const { home } = rig;
    await rig.gateway.stop();
    await begin(home);
    expect(await open()).toMatchObject([{ id: alert?.id, state: 'firing', acknowledged: { note: 'seen' } }]);

    const again = await rig.connect('porch', password);
    await publishBatch(again, batchOf('porch', 3, { value: 29 }));
    await publishBatch(again, batchOf('porch', 4, { value: 27 }));
    await vi.waitFor(() => expect(receiver.notices).toHaveLength(2), { timeout: 15_000 });
    expect(receiver.notices[1]).toMatchObject({ event: 'resolved', alert: { id: alert?.id, value: 27 } });
    expect(await open()).toEqual([]);
    const { alerts } = await get('/history', AlertHistoryAnswer);
    expect(alerts).toMatchObject([{ id: alert?.id, state: 'resolved' }]);
    const { deliveries } = await get(`/deliveries?alert=${alert?.id}`, AlertDeliveriesAnswer);
    expect(deliveries.map(({ event, state }) => `${event} ${state}`)).toEqual([
      'resolved delivered',
      'firing delivered',
    ]);
    again.end(true);

    // The same readings, from the store, by the same evaluator.
    const range = { fromUs: (alert?.sinceUs ?? 0) - 60e6, toUs: (alert?.sinceUs ?? 0) + 60e6 };
    const trialNow = async (): Promise<unknown> =>
      (await rig.post('/api/v1/alerts/rules/test', { rule: hot, ...range })).json();
    // The store may be a moment behind the rules: each follows the journal at its own place.
    await expect.poll(trialNow).toMatchObject({ readings: 4 });
    const trial = await trialNow();
    expect(Value.Check(AlertTestAnswer, trial)).toBe(true);
    expect(trial).toMatchObject({
      intervals: [
        {
          subject: 'porch/air/temperature',
          sinceUs: alert?.sinceUs,
          firedAtUs: alert?.firedAtUs,
          toUs: alerts[0]?.resolvedAtUs,
        },
      ],
      subjects: 1,
      readings: 4,
      windowUs: 0,
      truncated: false,
    });
  }, 60_000);

  test('a silence keeps messages back, and says who wants it', async () => {
    receiver = new Receiver();
    await begin();
    await put('too-warm', hot);
    const silence = await rig.post('/api/v1/alerts/silences', { subject: 'porch', forSeconds: 600 });
    expect(await silence.json()).toMatchObject({ by: 'admin.token', subject: 'porch', rule: null });
    const device = await rig.connect('porch', await rig.addDevice('porch'));
    await publishBatch(device, batchOf('porch', 1, { value: 31 }));
    await expect.poll(open).toMatchObject([{ state: 'firing', silenced: true }]);
    expect((await get('/deliveries', AlertDeliveriesAnswer)).deliveries).toEqual([]);
    device.end(true);
  }, 60_000);

  test('what comes late is judged in its own lane, and told as of the past', async () => {
    receiver = new Receiver();
    await begin();
    await put('too-warm', hot);
    const device = await rig.connect('porch', await rig.addDevice('porch'));
    await publishBatch(device, batchOf('porch', 9, { value: 20 }));
    await publishBatch(device, { ...batchOf('porch', 2, { value: 35 }), lane: 'backlog' });
    await publishBatch(device, { ...batchOf('porch', 3, { value: 20 }), lane: 'backlog' });
    await vi.waitFor(() => expect(receiver.notices).toHaveLength(2), { timeout: 15_000 });
    expect(receiver.notices.map(({ event, alert }) => [event, alert.late])).toEqual([
      ['firing', true],
      ['resolved', true],
    ]);
    device.end(true);
  }, 60_000);

  test('rules are made, refused by name, removed; those that came with the gateway come back', async () => {
    receiver = new Receiver();
    await begin();
    const before = await get('/rules', AlertRulesAnswer);
    expect(before.rules.map(({ id }) => id)).toEqual([
      'device-alarm',
      'device-silent',
      'ledger-difference',
      'stage-saturated',
    ]);
    expect(before.channels).toEqual([{ name: 'hook', kind: 'webhook', target: new URL(receiver.url).host }]);
    const code = async (response: Response): Promise<unknown> =>
      ((await response.json()) as { code: string }).code;
    expect(await code(await put('x', { ...hot, deliverTo: ['pager'] }))).toBe('ALERT_CHANNEL_UNKNOWN');
    expect(await code(await put('x', { ...hot, for: '999999999d' }))).toBe('ALERT_RULE_INVALID');
    expect(await code(await rig.post('/api/v1/alerts/7/acknowledge'))).toBe('ALERT_UNKNOWN');
    const untestable = { rule: { ...hot, condition: { kind: 'ledger', devices: '*' } }, fromUs: 1, toUs: 2 };
    expect(await code(await rig.post('/api/v1/alerts/rules/test', untestable))).toBe('ALERT_NOT_TESTABLE');

    const silent = before.rules[1];
    const { id: _id, builtIn: _builtIn, ...draft } = silent ?? { id: '', builtIn: true, ...hot };
    await put('device-silent', { ...draft, enabled: false });
    expect((await get('/rules', AlertRulesAnswer)).rules[1]).toMatchObject({ enabled: false, builtIn: true });
    expect((await rig.send('DELETE', '/api/v1/alerts/rules/device-silent')).status).toBe(200);
    expect((await get('/rules', AlertRulesAnswer)).rules[1]).toEqual(silent);
    expect((await rig.send('DELETE', '/api/v1/alerts/rules/nothing')).status).toBe(404);
  });

  test('what a device says of itself fires until it says otherwise', async () => {
    receiver = new Receiver();
    await begin();
    const device = await rig.connect('porch', await rig.addDevice('porch'));
    const say = async (alarms: string[]): Promise<void> => {
      const status = {
        online: true,
        agentVersion: '1',
        configVersion: 0,
        bootId: 'b',
        clock: 'synced',
        startedAt: 0,
      };
      const text = JSON.stringify({ ...status, alarms });
      await device.publishAsync(statusTopic('porch'), text, { qos: 1, retain: true });
    };
    await say(['OUTBOX_WRITE_FAILED']);
    await expect
      .poll(open, { timeout: 15_000 })
      .toMatchObject([{ rule: 'device-alarm', subject: 'porch', state: 'firing' }]);
    const { devices } = (await (await rig.get('/api/v1/devices')).json()) as DevicesAnswer;
    expect(devices).toMatchObject([{ id: 'porch', alarms: ['OUTBOX_WRITE_FAILED'] }]);
    await say([]);
    await expect.poll(open, { timeout: 15_000 }).toEqual([]);
    device.end(true);
  }, 60_000);

  test('a rule that is removed ends what fires under it', async () => {
    receiver = new Receiver();
    await begin();
    await put('too-warm', hot);
    const device = await rig.connect('porch', await rig.addDevice('porch'));
    await publishBatch(device, batchOf('porch', 1, { value: 31 }));
    await vi.waitFor(() => expect(receiver.notices).toHaveLength(1), { timeout: 15_000 });
    await rig.send('DELETE', '/api/v1/alerts/rules/too-warm');
    await vi.waitFor(() => expect(receiver.notices).toHaveLength(2), { timeout: 15_000 });
    expect(receiver.notices[1]?.event).toBe('resolved');
    expect(await open()).toEqual([]);
    device.end(true);
  }, 60_000);
});
