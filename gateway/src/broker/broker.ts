import type { SecureContextOptions, TlsOptions } from 'node:tls';
import { Aedes, type Client, type ConnectPacket, type Subscription } from 'aedes';
import { commandTopic, desiredTopic, statusTopic, type ErrorCode } from '@fieldline/protocol';
import type { DeviceCertificates } from '../certificates/device-certificates.ts';
import type { PeerCertificate } from '../certificates/certificate-authority.ts';
import type { Clock } from '../clock.ts';
import type { GatewayLimits, ListenConfig } from '../config/gateway-config.ts';
import type { DeviceCommands } from '../devices/device-commands.ts';
import type { DeviceConfigs } from '../devices/device-configs.ts';
import type { DeviceRegistry } from '../devices/device-registry.ts';
import type { Dialects } from '../ingest/dialects/dialects.ts';
import type { BurstLog } from '../logging/burst-log.ts';
import { maySubscribe, quote, quoteName } from './access-rules.ts';
import { LaneFlush, type BatchLaneOptions } from './batch-lane.ts';
import type { BrokerStatistics } from './broker-statistics.ts';
import { DirectSession, type DirectBatches } from './direct-batches.ts';
import { GuardedSocket, type Gate } from './guarded-socket.ts';
import { MqttListener, type Arrival } from './mqtt-listener.ts';
import { PendingConnections } from './pending-connections.ts';
import { unavailable, type PublishGate } from './publish-gate.ts';

/** Room beside a batch in its packet: fixed header, the longest topic of a device, packet id. */
const packetOverheadBytes = 1024;

/** How often sessions are looked at: silent ones, and those whose certificate has ended. */
const sessionCheckMs = 500;

/** What the broker stands on. */
export interface BrokerParts {
  readonly registry: DeviceRegistry;
  readonly configs: DeviceConfigs;
  readonly commands: DeviceCommands;
  readonly publishGate: PublishGate;
  readonly dialects: Dialects;
  /** Takes the batches of devices straight from their sockets; without it they pass the library like the rest. */
  readonly directBatches?: DirectBatches | undefined;
  /** Which certificates count; without it, devices come with passwords alone. */
  readonly certificates?: Pick<DeviceCertificates, 'isKnown' | 'used'> | undefined;
  readonly gate: Gate;
  readonly statistics: BrokerStatistics;
  readonly bursts: BurstLog;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
}

/** A TLS listener of the broker: where it listens, and how it is given other keys. */
export interface SecureListener {
  readonly url: string;
  readonly change: (keys: SecureContextOptions) => void;
}

/**
 * The MQTT 3.1.1 broker: aedes behind `GuardedSocket`, with the rules of the contract in its hooks.
 * Sessions are always clean, since aedes would keep their queues in memory without end; what must wait for a
 * device that is away waits with the gateway.
 */
export class Broker {
  readonly #parts: BrokerParts;
  readonly #aedes: Aedes;
  readonly #listeners: MqttListener[] = [];
  readonly #pending: PendingConnections;
  /** What connections have shown over TLS. */
  readonly #shown = new WeakMap<object, PeerCertificate>();
  readonly #connections = new Set<GuardedSocket>();
  readonly #sessions = new Map<string, Client>();
  readonly #laneFlush = new LaneFlush();
  readonly #checkTimer: NodeJS.Timeout;

  constructor(parts: BrokerParts) {
    this.#parts = parts;
    this.#aedes = new Aedes({
      connectTimeout: (2 * parts.limits.connectTimeoutUs) / 1000,
      preConnect: (client, packet, done) => done(null, this.#prepare(client, packet)),
      authenticate: (client, username, password, done) => {
        void this.#authenticate(client, username, password).then((code) => {
          if (code) done(Object.assign(new Error(code), { returnCode: 5 as const }), false);
          else done(null, true);
        });
      },
      authorizePublish: (client, packet, done) => parts.publishGate.authorize(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => done(null, this.#grant(client, subscription)),
      authorizeForward: (client, packet) => (this.#mayHear(client.id, packet.topic) ? packet : null),
    });
    this.#pending = new PendingConnections(parts.limits);
    this.#watchSessions();
    parts.registry.dropSession = (device) => this.#sessions.get(device)?.close();
    this.#serveDevices();
    this.#checkTimer = setInterval(() => this.#checkSessions(), sessionCheckMs);
    this.#checkTimer.unref();
  }

  /** Opens the broker; resolves with its URL. Throws MQTT_PORT_BUSY or MQTT_LISTEN_FAILED. */
  async listen(config: Pick<ListenConfig, 'host' | 'port'>): Promise<string> {
    await this.#aedes.listen();
    await this.#handOutRetained();
    return this.#open(config);
  }

  /** Opens it for TLS as well, likewise; after `listen`. */
  async listenSecure(config: Pick<ListenConfig, 'host' | 'port'>, tls: TlsOptions): Promise<SecureListener> {
    const listener = this.#newListener(tls);
    const url = await listener.listen(config);
    this.#listeners.push(listener);
    return { url, change: (keys) => listener.changeKeys(keys) };
  }

  async #open(config: Pick<ListenConfig, 'host' | 'port'>): Promise<string> {
    const listener = this.#newListener();
    const url = await listener.listen(config);
    this.#listeners.push(listener);
    return url;
  }

  #newListener(tls?: TlsOptions): MqttListener {
    const { limits } = this.#parts;
    const options = {
      pending: this.#pending,
      fullReason: () => this.#fullReason(),
      onArrival: (arrival: Arrival) => this.#accept(arrival),
      onRefused: (code: ErrorCode, address: string, detail: string) => this.#report(code, address, detail),
      handshakeMs: limits.connectTimeoutUs / 1000,
    };
    return new MqttListener(options, tls);
  }

  /** Takes no new connections and closes the open ones; also where `listen` has failed. */
  async stop(): Promise<void> {
    clearInterval(this.#checkTimer);
    const closed = Promise.all(this.#listeners.map((listener) => listener.stop()));
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
    // aedes ends open sessions, and forgets connections that are not so far yet.
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  #accept({ socket, address, certificate, settled }: Arrival): void {
    const { statistics, limits, gate, publishGate } = this.#parts;
    const guarded = new GuardedSocket(socket, {
      connectBytes: limits.connectBytes,
      packetBytes: limits.batchBytes + packetOverheadBytes,
      keptBytes: limits.deadLetterBytes,
      connectTimeoutMs: limits.connectTimeoutUs / 1000,
      countsUntilUs: certificate?.expiresAtUs,
      gate,
      // A session that is open has a name, which helps more than an address behind a router.
      onCut: (code, detail) => this.#report(code, client.connected ? client.id : address, detail),
      onOversized: (publish) => publishGate.takeOversized(client.id, publish),
    });
    statistics.accepted += 1;
    const client = this.#aedes.handle(guarded);
    if (certificate) this.#shown.set(client, certificate);
    this.#follow(guarded, client, settled);
  }

  /** A connection is unauthenticated until its session opens. That may be told after it has closed. */
  #follow(guarded: GuardedSocket, client: Client, settled: () => void): void {
    this.#connections.add(guarded);
    this.#countConnections();
    client.on('connected', () => {
      settled();
      this.#countConnections();
      guarded.open(this.#laneOf(client.id));
    });
    guarded.once('close', () => {
      this.#connections.delete(guarded);
      settled();
      this.#countConnections();
    });
  }

  #laneOf(device: string): BatchLaneOptions | undefined {
    const { directBatches, gate, limits } = this.#parts;
    if (!directBatches) return undefined;
    const session = new DirectSession(device);
    return {
      topic: session.topic,
      packetBytes: limits.batchBytes + packetOverheadBytes,
      isGateFull: () => gate.full,
      take: (payload, publish) => directBatches.take(session, payload, publish),
      flush: this.#laneFlush,
    };
  }

  /** One round for all, by the clock as it is then: no timer of a session has to outlast months or a clock's step. */
  #checkSessions(): void {
    const nowMs = performance.now();
    const nowUs = this.#parts.clock.nowUs();
    for (const connection of this.#connections) {
      connection.checkKeepAlive(nowMs);
      connection.checkCertificate(nowUs);
    }
  }

  #countConnections(): void {
    this.#parts.statistics.connections = this.#connections.size;
    this.#parts.statistics.unauthenticated = this.#pending.count;
  }

  #fullReason(): ErrorCode | undefined {
    const { statistics, limits } = this.#parts;
    if (statistics.connections >= limits.connections) return 'CONNECTION_LIMIT';
    return undefined;
  }

  /** The guard keeps the keep-alive, since the library does not see the batches. */
  #prepare({ conn }: Client, packet: ConnectPacket): boolean {
    if (conn instanceof GuardedSocket) {
      conn.keepAliveSec = packet.keepalive ?? 0;
      packet.keepalive = 0;
    }
    if (packet.clean === false) this.#parts.statistics.sessionsMadeClean += 1;
    packet.clean = true;
    return true;
  }

  /** Why this client may not come in; undefined where it may. */
  async #authenticate(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
  ): Promise<ErrorCode | undefined> {
    const code = await this.#refuseClient(client, username, password);
    if (code)
      this.#report(
        code,
        username ? quoteName(username) : 'an anonymous client',
        `Client id ${quote(client.id)}`,
      );
    return code;
  }

  async #refuseClient(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
  ): Promise<ErrorCode | undefined> {
    const shown = this.#shown.get(client);
    if (shown) return this.#refuseShown(client, username ?? shown.device, shown);
    if (!username || !password) return 'ANONYMOUS_REFUSED';
    if (client.id !== username) return 'CLIENT_ID_MISMATCH';
    if (!(await this.#parts.registry.authenticate(username, password))) return 'CREDENTIAL_REFUSED';
    if (this.#sessions.has(client.id)) this.#report('SESSION_REPLACED', client.id, '');
    return undefined;
  }

  /** A certificate stands for its device alone, and makes no other credential good. */
  #refuseShown(client: Client, username: string, shown: PeerCertificate): ErrorCode | undefined {
    const { certificates, registry } = this.#parts;
    if (client.id !== shown.device || username !== shown.device) return 'CLIENT_ID_MISMATCH';
    if (!registry.isAdmitted(shown.device) || !certificates?.isKnown(shown.device, shown.serial)) {
      return 'CERTIFICATE_REFUSED';
    }
    certificates.used(shown.device, shown.serial);
    if (this.#sessions.has(client.id)) this.#report('SESSION_REPLACED', client.id, '');
    return undefined;
  }

  #mayHear(device: string, topic: string): boolean {
    return maySubscribe(device, topic) || this.#parts.dialects.mayHear(device, topic);
  }

  /** The subscription, or null: aedes then answers 0x80 (MQTT 3.1.1, section 3.9.3). */
  #grant(client: Client, subscription: Subscription): Subscription | null {
    const { dialects } = this.#parts;
    if (maySubscribe(client.id, subscription.topic)) return subscription;
    if (dialects.maySubscribe(client.id, subscription.topic)) return subscription;
    this.#report('SUBSCRIPTION_DENIED', client.id, quote(subscription.topic));
    return null;
  }

  #watchSessions(): void {
    const { registry } = this.#parts;
    this.#aedes.on('client', (client) => {
      this.#sessions.set(client.id, client);
      // The device may have been revoked between the check of its password and now.
      if (registry.isAdmitted(client.id)) registry.setOnline(client.id, true);
      else client.close();
    });
    this.#aedes.on('clientDisconnect', (client) => {
      if (this.#sessions.get(client.id) !== client) return;
      this.#sessions.delete(client.id);
      this.#parts.commands.left(client.id);
      this.#parts.configs.left(client.id);
      registry.setOnline(client.id, false);
    });
    this.#aedes.on('ping', (_packet, client) => registry.seen(client.id));
    this.#aedes.on('connectionError', (_client, error) =>
      this.#reportError('CONNECT_MALFORMED', 'a client', error),
    );
    this.#aedes.on('clientError', (client, error) => this.#reportError('PACKET_MALFORMED', client.id, error));
  }

  /** Errors of the network (they have a system code) and refusals (told already) are no malformed packets. */
  #reportError(code: ErrorCode, subject: string, error: Error): void {
    if ('code' in error) return;
    if ('errorCode' in error && error.errorCode !== 1) return;
    if (error.message === unavailable || error.message === 'revoked') return;
    this.#report(code, subject, `${error.message}.`);
  }

  #report(code: ErrorCode, subject: string, detail: string): void {
    this.#parts.statistics.count(code);
    this.#parts.bursts.report(code, subject, detail);
  }

  /** aedes keeps retained messages in memory: what the gateway keeps durably is put back at each start. */
  async #handOutRetained(): Promise<void> {
    for (const { device, kind, json } of this.#parts.registry.retained()) {
      const topic = kind === 'status' ? statusTopic(device) : desiredTopic(device);
      await this.#publish(topic, json, true);
    }
  }

  #publish(topic: string, content: string | Uint8Array, retain: boolean): Promise<void> {
    const packet = {
      cmd: 'publish',
      topic,
      payload: Buffer.from(content),
      qos: 1,
      retain,
      dup: false,
    } as const;
    return new Promise((resolve) => this.#aedes.publish(packet, () => resolve()));
  }

  /** What the gateway sends to devices: desired configurations, retained, and commands. */
  #serveDevices(): void {
    const { registry, configs, commands, dialects } = this.#parts;
    dialects.publish = (topic, payload) => void this.#publish(topic, payload, false);
    registry.handOut = (device, json) => void this.#publish(desiredTopic(device), json, true);
    commands.publish = (device, json) => void this.#publish(commandTopic(device), json, false);
    this.#aedes.on('subscribe', (subscriptions, client) => {
      const topics = subscriptions.map(({ topic }) => topic);
      if (topics.includes(commandTopic(client.id))) commands.listening(client.id);
      if (topics.includes(desiredTopic(client.id))) configs.listening(client.id);
    });
  }
}
