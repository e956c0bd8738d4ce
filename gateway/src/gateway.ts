import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openJournal, type FileAccess } from '@fieldline/journal';
import { FieldlineError } from '@fieldline/protocol';
import { pino, type Logger } from 'pino';
import { Access } from './access/access.ts';
import { openAccessDatabase } from './access/access-database.ts';
import { Alerts } from './alerts/alerts.ts';
import { startApi } from './api/index.ts';
import { Broker } from './broker/broker.ts';
import { DirectBatches } from './broker/direct-batches.ts';
import { BrokerStatistics } from './broker/broker-statistics.ts';
import { PublishGate } from './broker/publish-gate.ts';
import { openCertificates, type Certificates } from './certificates/certificates.ts';
import { systemClock, type Clock } from './clock.ts';
import { checkOptions } from './config/check-options.ts';
import { overlayEnvironment } from './config/environment.ts';
import type { GatewayConfig } from './config/gateway-config.ts';
import type { GatewayOptions } from './config/gateway-schema.ts';
import { resolveConfig } from './config/resolve-config.ts';
import { DeviceCommands } from './devices/device-commands.ts';
import { DeviceConfigs } from './devices/device-configs.ts';
import { DeadLetterStore } from './devices/dead-letter-store.ts';
import { DeviceRegistry } from './devices/device-registry.ts';
import { openGatewayDatabase } from './home/gateway-database.ts';
import { loadAdminToken, lockHome, makePrivateDirectory, prepareHome } from './home/home.ts';
import { BridgedDevices } from './ingest/dialects/bridged-devices.ts';
import { Dialects } from './ingest/dialects/dialects.ts';
import { InFlight } from './ingest/in-flight.ts';
import { Ingest } from './ingest/ingest.ts';
import { IngestStatistics } from './ingest/ingest-statistics.ts';
import { Placement } from './ingest/placement.ts';
import { ReceivedBatches } from './ingest/received-batches.ts';
import { Replay } from './ingest/replay.ts';
import { WaitingBatches } from './ingest/waiting-batches.ts';
import { BatchLog } from './journal/batch-log.ts';
import { ClosedEpochStore } from './ledger/closed-epochs.ts';
import { JournalAccount, savedOffset } from './ledger/journal-account.ts';
import { Ledger } from './ledger/ledger.ts';
import { RefusedReadings } from './ledger/refused-readings.ts';
import { BurstLog } from './logging/burst-log.ts';
import { gatewayLogger } from './logging/gateway-logger.ts';
import { heldClock } from './metrics/held-clock.ts';
import { WayLatency } from './metrics/way-latency.ts';
import type { GatewayParts, Listening, OpenedSinks } from './parts.ts';
import { storedOffset } from './sinks/embedded/stored-offset.ts';
import { openSinks } from './sinks/index.ts';
import { Teardown } from './teardown.ts';
import { BundleStore } from './updates/bundle-store.ts';
import { OfferBook } from './updates/offer-book.ts';
import { Tickets } from './updates/ticket.ts';
import { Updates } from './updates/updates.ts';

/** How often the account and the registry write what changed. A kill costs a replay of as much journal. */
const saveIntervalMs = 2000;

/** A running gateway. */
export interface RunningGateway {
  readonly httpUrl: string;
  /** Where a person opens the dashboard: while nobody has been added, a link that signs in, once. */
  readonly dashboardUrl: string;
  readonly mqttUrl: string;
  /** The TLS listeners; undefined where one is switched off, or its default port is taken. */
  readonly httpsUrl: string | undefined;
  readonly mqttsUrl: string | undefined;
  readonly home: string;
  /** Takes no more, lets the sinks catch up for at most `limits.drain`, saves, closes. */
  stop(): Promise<void>;
}

/** What tests and the command line put in place of the host's. */
export interface GatewayHost {
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly environment?: NodeJS.ProcessEnv;
  /** The disk under the journal. */
  readonly files?: FileAccess;
}

/**
 * Starts a gateway; resolves once it takes batches and answers requests.
 *
 * ```
 *   devices ══ MQTT ══► guarded socket ─► aedes ─► publish gate ──────────────┐
 *                       byte caps,        sessions  access rules, wills       │ batch
 *                       no read while full                                    ▼
 *   dead letters ◄── refused ── ingest: byte cap ► decode ► validate ► device ► de-duplicate
 *                                                                             │ new
 *   PUBACK ◄── durable ◄── journal account ◄── offset ── journal (fsync) ◄────┘
 *                              │      ▲                      │
 *              received ranges │      │ committed            └─► sinks ─► stores, live feed
 *                       ledger ┴──────┴─◄───────────────────────────┘           │
 *                          └──────────────► API: HTTP, WebSocket ◄──────────────┘
 * ```
 *
 * Start order: home and its lock, database, journal, account (replays what it has not seen), sinks, broker,
 * API. Stop is the same backwards. Throws FieldlineError for everything that a person has to put right.
 */
export async function startGateway(
  options: GatewayOptions = {},
  host: GatewayHost = {},
): Promise<RunningGateway> {
  const environment = host.environment ?? process.env;
  const checked = checkOptions(options, 'options');
  const config = resolveConfig(mergeOptions(overlayEnvironment(checked, environment), checked), environment);
  const clock = host.clock ?? systemClock;
  const logger =
    host.logger ??
    gatewayLogger({ level: config.logLevel, clock, destination: pino.destination({ fd: 2, sync: false }) });
  const teardown = new Teardown();
  try {
    const started = await startStages({ config, clock, logger, teardown, files: host.files });
    logger.info({ home: config.home, mqtt: started.mqttUrl, http: started.httpUrl }, 'The gateway is ready');
    return { ...started, home: config.home, stop: () => teardown.run() };
  } catch (error) {
    // What kept it from starting is what a person has to know, whatever else goes wrong now.
    await teardown
      .run()
      .catch((cause: unknown) => logger.warn({ err: cause }, 'The start was not undone whole'));
    throw error;
  }
}

/** Options that the caller gives win over the environment, section by section. */
function mergeOptions(under: GatewayOptions, over: GatewayOptions): GatewayOptions {
  const influxdb = over.influxdb ?? under.influxdb;
  return {
    ...under,
    ...over,
    http: { ...under.http, ...over.http },
    mqtt: { ...under.mqtt, ...over.mqtt },
    ...(influxdb ? { influxdb: { ...under.influxdb, ...influxdb } } : {}),
  };
}

interface Base {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly teardown: Teardown;
  readonly files: FileAccess | undefined;
}

async function startStages(base: Base): Promise<Omit<RunningGateway, 'home' | 'stop'>> {
  const { config, clock, logger, teardown } = base;
  const durable = await openDurable(base);
  const { database, log } = durable;
  const alerts = new Alerts({
    database,
    clock,
    logger: logger.child({ part: 'alerts' }),
    channels: config.alertChannels,
    nextOffset: () => log.nextOffset,
  });
  const way = new WayLatency(heldClock(() => clock.nowUs()));
  const sinks = await openSinks({ config, clock, logger, ...durable, way, alertSink: alerts.sink });
  teardown.add('sinks', () => sinks.stop());
  teardown.add('drain', () => drain(base, sinks));
  const { broker, configs, commands, placement, replay, stages, counters, problems } = assembleBroker(base, {
    ...durable,
    way,
  });
  keepPlacing(teardown, placement);
  teardown.add('broker', () => broker.stop());
  const updates = openUpdates(base, durable, commands);
  const mqttUrl = await broker.listen(config.mqtt);
  const mqttsUrl = await listenSecure(base, broker, durable.certificates);
  const listening: Listening = { mqttUrl, mqttsUrl, httpsUrl: undefined };
  const parts: GatewayParts = {
    config,
    clock,
    logger,
    listening,
    access: durable.access,
    certificates: durable.certificates,
    log: durable.log,
    devices: durable.registry,
    configs,
    commands,
    deadLetters: durable.deadLetters,
    replay,
    sinks,
    alerts,
    updates,
    way,
    ledger: (device) => durable.account.answer(sinks.store, device),
    stages,
    counters: () => [...counters(), ...durable.access.counters(), ...updates.counters(), ...sinks.counters()],
    problems: () => [
      ...problems(),
      ...durable.problems(),
      ...sinks.sinks.flatMap((sink) => sink.problem() ?? []),
    ],
  };
  watchAlerts(base, parts);
  const api = await startApi(parts);
  teardown.add('api', () => api.stop());
  offerFrom(parts, api.secureUrl);
  listening.httpsUrl = api.secureUrl;
  const dashboardUrl = `${api.url}${durable.access.newSignInPath() ?? ''}`;
  return { httpUrl: api.url, dashboardUrl, mqttUrl, httpsUrl: api.secureUrl, mqttsUrl };
}

/** The broker over TLS. A default port that another program has is no reason to start without the rest. */
async function listenSecure(
  { config: { mqtts }, logger }: Base,
  broker: Broker,
  { authority, servers }: Certificates,
): Promise<string | undefined> {
  if (!mqtts) return undefined;
  try {
    const listener = await broker.listenSecure(mqtts, { ...servers.keys('devices'), ca: authority.pem });
    servers.onRenewed('devices', (keys) => listener.change({ ...keys, ca: authority.pem }));
    return listener.url;
  } catch (error) {
    if (mqtts.isGiven) throw error;
    logger.warn({ err: error }, 'The broker is without TLS; set mqtts.port, or mqtts.enabled to false');
    return undefined;
  }
}

/** Updates over the air: published, offered, and what devices say of them. */
function openUpdates(
  { config, clock, logger, teardown }: Base,
  { database, registry, certificates }: Durable,
  commands: DeviceCommands,
): Updates {
  const updates = new Updates({
    bundles: new BundleStore(database, { directory: join(config.home, 'updates'), clock }),
    offers: new OfferBook(database, clock),
    tickets: new Tickets(clock),
    devices: registry,
    commands,
    pin: () => certificates.servers.pin,
    logger: logger.child({ part: 'updates' }),
  });
  commands.onListening = (device) => updates.listening(device);
  teardown.add(
    'updates',
    registry.onChange((record) => updates.changed(record)),
  );
  return updates;
}

/** Bundles are fetched over TLS: from here on they can be, also by devices that came before. */
function offerFrom({ updates, devices }: GatewayParts, secureUrl: string | undefined): void {
  updates.port = secureUrl === undefined ? 0 : Number(new URL(secureUrl).port || 443);
  for (const { id, online } of devices.list()) if (online) updates.listening(id);
}

/** Lets the rules see what no batch carries, and the messages go out. */
function watchAlerts({ teardown }: Base, parts: GatewayParts): void {
  const { alerts, sinks, devices } = parts;
  alerts.start({
    store: sinks.store,
    devices: () => devices.list(),
    streams: () => sinks.streams.list(),
    stages: () => [...parts.stages(), ...sinks.sinks.map((sink) => sink.stage())],
    ledger: () => parts.ledger(),
  });
  teardown.add('alerts', () => alerts.stop());
}

/** Everything that outlives the process. */
interface Durable {
  readonly access: Access;
  readonly certificates: Certificates;
  readonly database: DatabaseSync;
  readonly registry: DeviceRegistry;
  readonly deadLetters: DeadLetterStore;
  readonly log: BatchLog;
  readonly received: ReceivedBatches;
  readonly ledger: Ledger;
  readonly waiting: WaitingBatches;
  readonly account: JournalAccount;
  /** What keeps the database from being written; empty while nothing does. */
  problems(): string[];
}

async function openDurable(base: Base): Promise<Durable> {
  const { config, clock, logger, teardown } = base;
  const { home, limits } = config;
  prepareHome(home);
  teardown.add('home', lockHome(home));
  const { access, certificates } = await openAccess(base);
  const database = openGatewayDatabase(join(home, 'gateway.db'));
  teardown.add('database', () => database.close());
  const registry = new DeviceRegistry(database, { clock, devicesMax: limits.devices });
  const deadLetters = new DeadLetterStore(database, {
    clock,
    lettersMax: limits.deadLetters,
    payloadBytes: limits.deadLetterBytes,
    storeBytes: limits.deadLetterStoreBytes,
  });
  const log = await openLog(base, database);
  teardown.add('journal', () => log.close());
  const received = new ReceivedBatches(database, limits);
  const ledger = new Ledger(new RefusedReadings(database), new ClosedEpochStore(database));
  const waiting = new WaitingBatches(database, { ledger, bytesMax: limits.anchorWaitBytes });
  const account = new JournalAccount({ log, ledger, received, waiting, database, clock });
  account.onDifference = (device, { epoch, seq }) => {
    const detail = `First at epoch ${epoch}, batch ${seq}.`;
    const error = new FieldlineError('LEDGER_DIFFERENCE', { subject: device, detail });
    logger.error({ code: error.code, device, epoch, seq }, error.message);
  };
  const replayed = await account.restore();
  if (replayed > 0) logger.info({ replayed }, 'The account has caught up with the journal');
  const problems = keepSaving(base, async () => {
    registry.flush();
    await account.save();
  });
  registry.onChange(({ id, revoked }) => {
    if (!revoked) return;
    certificates.devices.forget(id);
    certificates.claims.forget(id);
  });
  return {
    access,
    certificates,
    database,
    registry,
    deadLetters,
    log,
    received,
    ledger,
    waiting,
    account,
    problems,
  };
}

/** Who may come in, kept apart from what devices bring. */
async function openAccess(base: Base): Promise<{ access: Access; certificates: Certificates }> {
  const { config, clock, teardown } = base;
  const { home, limits } = config;
  const adminToken = loadAdminToken(home);
  const database = openAccessDatabase(join(home, 'access.db'));
  teardown.add('access', () => database.close());
  const certificates = await openCertificates({ ...base, database });
  teardown.add('certificates', () => certificates.servers.stop());
  const access = new Access(database, {
    adminToken,
    clock,
    limits: {
      users: limits.users,
      tokens: limits.tokens,
      sessions: { sessions: limits.sessions, ageUs: limits.sessionAgeUs },
      audit: { rows: limits.auditEntries, ageUs: limits.auditAgeUs },
    },
  });
  return { access, certificates };
}

/** Saves now and then, and once more at the stop. Answers what tells whether the newest save failed. */
function keepSaving({ logger, teardown }: Base, save: () => Promise<void>): () => string[] {
  let failure: string | undefined;
  const attempt = () =>
    save().then(
      () => (failure = undefined),
      (error: unknown) => {
        if (failure === undefined) {
          logger.error({ err: error }, 'gateway.db cannot be written; check its disk, it is tried again');
        }
        failure = error instanceof Error ? error.message : String(error);
      },
    );
  const timer = setInterval(() => void attempt(), saveIntervalMs);
  teardown.add('account', () => {
    clearInterval(timer);
    return save();
  });
  return () => (failure === undefined ? [] : [`gateway.db cannot be written: ${failure}`]);
}

/** A boot that came up with everything there places it at once; later only the age of what waits is looked at. */
function keepPlacing(teardown: Teardown, placement: Placement): void {
  void placement.run();
  const timer = setInterval(() => void placement.run(), saveIntervalMs);
  teardown.add('placement', () => {
    clearInterval(timer);
    return placement.run();
  });
}

async function openLog({ config, clock, logger, files }: Base, database: DatabaseSync): Promise<BatchLog> {
  const { home, limits } = config;
  const directory = join(home, 'journal');
  makePrivateDirectory(directory);
  const journal = await openJournal({
    directory,
    retention: { bytes: limits.journalBytes, ageUs: limits.journalAgeUs },
    // A journal that begins anew must not give out offsets that account and stores have seen already.
    offsetsFrom: Math.max(savedOffset(database), storedOffset(join(home, 'store.db'))),
    now: heldClock(() => clock.nowUs()),
    ...(files ? { files } : {}),
  });
  const { recovery } = journal;
  if (recovery.discardedBytes > 0 || recovery.discardedRecordsAtLeast > 0 || recovery.cursorsLost) {
    const message = 'The journal was damaged, and goes on behind the damage; check the disk of its directory';
    logger.warn({ ...recovery, directory }, message);
  }
  return new BatchLog(journal, { inflatedBytes: limits.inflatedBytes });
}

function assembleBroker({ config, clock, logger }: Base, durable: Durable & { readonly way: WayLatency }) {
  const { limits } = config;
  const { registry, deadLetters } = durable;
  const nowMs = heldClock(() => performance.now());
  const bursts = new BurstLog(logger.child({ part: 'ingest' }), clock);
  const brokerBursts = new BurstLog(logger.child({ part: 'broker' }), clock);
  const inFlight = new InFlight({ batches: limits.inFlightBatches, bytes: limits.inFlightBytes });
  const ingestStatistics = new IngestStatistics(inFlight, nowMs, durable.way);
  const shared = { ...durable, statistics: ingestStatistics, bursts, clock, limits };
  const placement = new Placement(shared);
  const ingest = new Ingest({ ...shared, placement, inFlight });
  const statistics = new BrokerStatistics({ nowMs, connectionsMax: limits.connections });
  const configs = new DeviceConfigs(registry, clock);
  const commands = new DeviceCommands();
  const devices = { registry, configs, commands };
  const bridged = new BridgedDevices(durable.database, registry);
  const dialects = new Dialects(config.dialects, { ...shared, ingest, bridged, inFlight });
  const publishGate = new PublishGate({ ingest, dialects, ...devices, statistics, bursts: brokerBursts });
  const broker = new Broker({
    ...devices,
    publishGate,
    dialects,
    directBatches: config.directBatches ? new DirectBatches({ ingest, registry, statistics }) : undefined,
    certificates: durable.certificates.devices,
    gate: inFlight,
    statistics,
    bursts: brokerBursts,
    limits,
    clock,
  });
  return {
    broker,
    configs,
    commands,
    placement,
    replay: new Replay({ deadLetters, ingest, dialects }),
    stages: () => [statistics.stage(), ...ingestStatistics.stages()],
    counters: () => [...statistics.counters(), ...ingestStatistics.counters(), ...placement.counters()],
    problems: () => ingestStatistics.problems(),
  };
}

/** Lets the sinks store what is journaled; a store that is down cannot hold up the stop beyond the limit. */
async function drain({ config, clock, logger }: Base, sinks: OpenedSinks): Promise<void> {
  const done = await sinks.drained(clock.nowUs() + config.limits.drainUs);
  if (!done)
    logger.warn('The sinks did not catch up before the deadline; they go on from here at the next start');
}
