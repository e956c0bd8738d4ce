import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { Aedes, type AuthenticateError } from 'aedes';
import mqtt from 'mqtt';
import { createServer as createTcpServer } from 'node:net';
import { pino } from 'pino';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, test } from 'vitest';
import { BurstLog } from '../../logging/burst-log.ts';
import { openAlertTables } from '../alert-tables.ts';
import type { AlertNotice, Channel, SendOutcome } from './channel.ts';
import { Deliverer, deliveryLimits } from './deliverer.ts';
import { DeliveryBook } from './delivery-book.ts';
import { emailChannel } from './email-channel.ts';
import { mqttChannel } from './mqtt-channel.ts';
import { webhookChannel } from './webhook-channel.ts';

const notice: AlertNotice = {
  delivery: 7,
  event: 'firing',
  alert: {
    id: 3,
    rule: 'too-warm',
    name: 'Too warm',
    severity: 'critical',
    kind: 'threshold',
    subject: 'porch/air/temperature',
    state: 'firing',
    sinceUs: 1_700_000_000_000_000,
    firedAtUs: 1_700_000_000_000_000,
    resolvedAtUs: null,
    value: 31,
    unit: 'Cel',
    message: 'porch/air/temperature is 31 °C, above 30 °C.',
    acknowledged: null,
    silenced: false,
    late: false,
  },
  remedy: 'Open the window.',
};

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A mail whose text is beyond ASCII travels as quoted-printable UTF-8 (RFC 2045, 6.7). */
function readText(mail: string): string {
  const escaped = mail.replace(/=\r?\n/g, '').replace(/%/g, '%25');
  return decodeURIComponent(escaped.replace(/=([\dA-F]{2})/g, '%$1'));
}

const patient = (): AbortSignal => AbortSignal.timeout(30_000);

describe('webhook', () => {
  async function serve(status: number, headers: Record<string, string> = {}) {
    const requests: { headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        requests.push({ headers: request.headers, body });
        response.writeHead(status, headers).end('what the peer says is not for our records');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=secret` };
  }

  test('posts the notice, numbered and signed', async () => {
    const { requests, url } = await serve(204);
    const channel = webhookChannel({ url, secret: 'shared', headers: { authorization: 'Bearer x' } });
    expect(await channel.send(notice, patient())).toEqual({ kind: 'ok', detail: 'HTTP 204' });
    const [request] = requests;
    expect(JSON.parse(request?.body ?? '')).toEqual(notice);
    const signature = createHmac('sha256', 'shared')
      .update(request?.body ?? '')
      .digest('hex');
    expect(request?.headers).toMatchObject({
      'x-fieldline-delivery': '7',
      'x-fieldline-signature': `sha256=${signature}`,
      authorization: 'Bearer x',
    });
    expect(channel.target).toBe(new URL(url).host);
  });

  test.each([
    [500, 'retryable'],
    [429, 'retryable'],
    [404, 'refused'],
  ] as const)('takes %i as %s', async (status, kind) => {
    const { url } = await serve(status);
    expect(await webhookChannel({ url }).send(notice, patient())).toEqual({ kind, detail: `HTTP ${status}` });
  });

  test('does not follow a redirect to where the file does not point', async () => {
    const inner = await serve(200);
    const { url } = await serve(302, { location: inner.url });
    expect(await webhookChannel({ url }).send(notice, patient())).toEqual({
      kind: 'refused',
      detail: 'HTTP 302',
    });
    expect(inner.requests).toEqual([]);
  });

  test('a peer that hangs or is away is tried again', async () => {
    const hung = createTcpServer().listen(0, '127.0.0.1');
    await once(hung, 'listening');
    closers.push(() => hung.close());
    const port = (hung.address() as AddressInfo).port;
    const abort = new AbortController();
    hung.once('connection', (socket) => {
      closers.push(() => socket.destroy());
      abort.abort();
    });
    const channel = webhookChannel({ url: `http://127.0.0.1:${port}/` });
    expect(await channel.send(notice, abort.signal)).toEqual({
      kind: 'retryable',
      detail: 'no answer in time',
    });
    const away = webhookChannel({ url: 'http://127.0.0.1:1/' });
    expect(await away.send(notice, patient())).toMatchObject({ kind: 'retryable' });
  });
});

describe('e-mail', () => {
  async function serve(answer: number | undefined) {
    const mails: string[] = [];
    const server = new SMTPServer({
      authOptional: true,
      hideSTARTTLS: true,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        if (username === 'fieldline' && password === 'right') done(null, { user: 'fieldline' });
        else done(new Error('no'));
      },
      onRcptTo: (_address, _session, done) => {
        if (answer === undefined) done();
        else done(Object.assign(new Error('not now'), { responseCode: answer }));
      },
      onData: (stream, _session, done) => {
        let mail = '';
        stream.on('data', (chunk: Buffer) => (mail += chunk.toString()));
        stream.on('end', () => {
          mails.push(mail);
          done();
        });
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    closers.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const port = (server.server.address() as AddressInfo).port;
    const settings = {
      url: `smtp://127.0.0.1:${port}`,
      from: 'fieldline@example.net',
      to: ['op@example.net'],
    };
    return { mails, settings };
  }

  test('writes what a person needs', async () => {
    const { mails, settings } = await serve(undefined);
    const channel = emailChannel({ ...settings, username: 'fieldline', password: 'right' });
    expect(await channel.send(notice, patient())).toEqual({ kind: 'ok', detail: 'accepted' });
    const [mail = ''] = mails;
    expect(mail).toContain('Subject: [Alert] Too warm: porch/air/temperature');
    expect(mail).toContain('To: op@example.net');
    expect(readText(mail)).toContain('porch/air/temperature is 31 °C, above 30 °C.');
    expect(mail).toContain('Open the window.');
    await channel.send(notice, patient());
    const idOf = (text: string): string | undefined => /^Message-ID: (.*)$/m.exec(text)?.[1];
    expect(idOf(mails[1] ?? '')).toBe(idOf(mail));
  });

  test('a name cannot put a header into the mail', async () => {
    const { mails, settings } = await serve(undefined);
    const forged = { ...notice, alert: { ...notice.alert, name: 'x\r\nBcc: thief@example.net' } };
    await emailChannel(settings).send(forged, patient());
    expect(mails[0]?.split('\r\n\r\n')[0] ?? mails[0]).not.toMatch(/^Bcc:/m);
  });

  test.each([
    [550, 'refused'],
    [450, 'retryable'],
  ] as const)('takes %i as %s', async (code, kind) => {
    const { settings } = await serve(code);
    expect(await emailChannel(settings).send(notice, patient())).toEqual({ kind, detail: `SMTP ${code}` });
  });

  test('a wrong password is refused, and stands in no record', async () => {
    const { settings } = await serve(undefined);
    const outcome = await emailChannel({ ...settings, username: 'fieldline', password: 'wrong' }).send(
      notice,
      patient(),
    );
    expect(outcome).toEqual({ kind: 'refused', detail: 'SMTP 535' });
  });
});

describe('MQTT', () => {
  async function serve() {
    const broker = await Aedes.createBroker();
    broker.authenticate = (_client, username, password, done) =>
      username === 'fieldline' && password?.toString() === 'right'
        ? done(null, true)
        : done(Object.assign(new Error('no'), { returnCode: 5 }) satisfies AuthenticateError, false);
    const server = createTcpServer((socket) => void broker.handle(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(async () => {
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      server.close();
    });
    return `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('publishes the notice where a real client hears it', async () => {
    const url = await serve();
    const account = { username: 'fieldline', password: 'right' };
    const listener = await mqtt.connectAsync(url, { ...account, reconnectPeriod: 0 });
    await listener.subscribeAsync('plant/alerts', { qos: 1 });
    const heard = new Promise<string>((resolve) =>
      listener.once('message', (_topic, payload) => resolve(payload.toString())),
    );
    const channel = mqttChannel({ url, topic: 'plant/alerts', ...account });
    expect(await channel.send(notice, patient())).toEqual({ kind: 'ok', detail: 'acknowledged' });
    expect(JSON.parse(await heard)).toEqual(notice);
    await listener.endAsync(true);
  });

  test('a wrong password is refused, a broker that is away is tried again', async () => {
    const url = await serve();
    const wrong = mqttChannel({ url, topic: 'a', username: 'fieldline', password: 'wrong' });
    expect(await wrong.send(notice, patient())).toEqual({ kind: 'refused', detail: 'CONNACK 5' });
    const away = mqttChannel({ url: 'mqtt://127.0.0.1:1', topic: 'a' });
    expect(await away.send(notice, patient())).toMatchObject({ kind: 'retryable' });
  });
});

describe('deliverer', () => {
  /** A channel that answers as it is told, and tells when it was asked. */
  class Scripted implements Channel {
    readonly kind = 'webhook';
    readonly target = 'scripted';
    readonly sent: number[] = [];
    readonly outcomes: SendOutcome['kind'][];

    constructor(...outcomes: SendOutcome['kind'][]) {
      this.outcomes = outcomes;
    }

    async send({ delivery }: AlertNotice): Promise<SendOutcome> {
      this.sent.push(delivery);
      return { kind: this.outcomes.shift() ?? 'ok', detail: 'as told' };
    }
  }

  function make(channel: Channel, database = new DatabaseSync(':memory:')) {
    openAlertTables(database);
    const clock = { us: 1_700_000_000_000_000 };
    const nowUs = (): number => clock.us;
    const book = new DeliveryBook(database);
    const bursts = new BurstLog(pino({ level: 'silent' }), { nowUs });
    const channels = new Map([['ops', channel]]);
    const deliverer = new Deliverer({ book, channels, bursts, nowUs, random: () => 1 });
    const enqueue = (name = 'ops'): number => {
      const { delivery: _delivery, ...rest } = notice;
      return book.enqueue(name, rest, { nowUs: clock.us, deadlineUs: clock.us + deliveryLimits.deadlineUs });
    };
    /** Pokes, and waits until nothing more is due. */
    const settle = async (): Promise<void> => {
      deliverer.poke();
      await deliverer.settled();
    };
    return { database, clock, book, deliverer, enqueue, settle };
  }

  test('tries again with growing pauses, in order, and keeps a record of each attempt', async () => {
    const channel = new Scripted('retryable', 'retryable', 'ok', 'ok');
    const { clock, book, enqueue, settle } = make(channel);
    const [first, second] = [enqueue(), enqueue()];
    await settle();
    expect(channel.sent).toEqual([first]);
    await settle();
    expect(channel.sent).toHaveLength(1);
    clock.us += 1e6;
    await settle();
    expect(channel.sent).toEqual([first, first]);
    clock.us += 1e6;
    await settle();
    expect(channel.sent).toHaveLength(2);
    clock.us += 1e6;
    await settle();
    expect(channel.sent).toEqual([first, first, first, second]);
    const [, record] = book.list(10);
    expect(record?.state).toBe('delivered');
    expect(record?.attempts.map(({ ok }) => ok)).toEqual([false, false, true]);
  });

  test('gives up what is refused, and what has not gone out by its deadline', async () => {
    const channel = new Scripted('refused', 'retryable', 'retryable');
    const { clock, book, enqueue, settle } = make(channel);
    enqueue();
    enqueue();
    await settle();
    clock.us += deliveryLimits.deadlineUs;
    await settle();
    expect(book.list(10).map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect(book.channelsWaiting()).toEqual([]);
  });

  test('what was not sent before a restart is sent after it', async () => {
    const { database, enqueue, deliverer } = make(new Scripted());
    enqueue();
    await deliverer.stop();
    const channel = new Scripted();
    const after = make(channel, database);
    await after.settle();
    expect(channel.sent).toHaveLength(1);
  });

  test('a message to a channel that is no longer in the file is given up by name', async () => {
    const { book, enqueue, settle } = make(new Scripted());
    enqueue('gone');
    await settle();
    expect(book.list(1)[0]).toMatchObject({ state: 'failed', attempts: [{ ok: false }] });
  });

  test('where the record cannot be written, a message does not go out again at once', async () => {
    const channel = new Scripted();
    const { database, clock, enqueue, settle } = make(channel);
    enqueue();
    database.exec(
      "CREATE TRIGGER full BEFORE UPDATE ON alert_deliveries BEGIN SELECT RAISE(FAIL, 'disk full'); END",
    );
    await settle();
    await settle();
    expect(channel.sent).toHaveLength(1);
    database.exec('DROP TRIGGER full');
    clock.us += 10e6;
    await settle();
    await settle();
    expect(channel.sent).toHaveLength(2);
  });
});
