import { join } from 'node:path';
import type { ErrorCode, Status } from '@fieldline/protocol';
import { readBootId } from './bindings/boot-id.ts';
import type { Clock } from './bindings/clock.ts';
import { DeviceClock } from './bindings/device-clock.ts';
import { systemTimeSources } from './bindings/time-sources.ts';
import { systemTimers, type Timers } from './bindings/timers.ts';
import { Watchdog } from './bindings/watchdog.ts';
import { systemDisk } from './bindings/disk-steps.ts';
import { DeviceIdentity } from './claim/device-identity.ts';
import type { AgentConfig } from './config/agent-config.ts';
import { burstCommand } from './burst/burst-command.ts';
import { AppliedStore } from './config/applied-store.ts';
import { RemoteConfig } from './config/remote-config.ts';
import { startingConfig, type StartingConfig } from './config/starting-config.ts';
import { selfFigures, type SelfFigures } from './drivers/agent/self-figures.ts';
import { SensorSet } from './drivers/sensor-set.ts';
import { Ledger } from './ledger/ledger.ts';
import { defaultLogger, type Logger } from './logger.ts';
import { Outbox } from './outbox/outbox.ts';
import { noteFirstStart, type Start } from './outbox/first-start.ts';
import { declareRestart } from './outbox/declare-restart.ts';
import { Flushing } from './outbox/flushing.ts';
import { MemoryQueue } from './outbox/memory-queue.ts';
import { Sealer } from './outbox/sealer.ts';
import { Uplink, type UplinkSettings } from './uplink/uplink.ts';
import { archOf } from './update/arch-of.ts';
import { launchedBy } from './update/launched.ts';
import { Updater } from './update/updater.ts';
import { agentVersion } from './version.ts';

/*
 *  serial port, IIO ─► SensorHost ─► driver ──emit──► SensorPipeline ──take──► Sealer ──seal──► Outbox
 *     (bindings)        one a sensor  (framing)        transforms,     each     batch,          journal,
 *                                                      rows, windows   flush    ledger           fsync
 *                                                                                                  │
 *                     gateway ◄──── MQTT QoS 1 ──── Uplink: live lane, backlog lane ◄──nextWaiting─┘
 *                        └──PUBACK──► Uplink ──acknowledge──► Outbox forgets the batch
 *
 *  The Ledger counts beside all of it: taken at emit, filtered in the transforms, batched at the seal.
 *  Beside it too: desired ─► RemoteConfig ─► SensorSet (the sensors above), outbox, uplink ─► reported.
 */

/** What a caller may put in the place of the real thing. */
export interface AgentOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** Ends the process in order, so that another version can start; by default like SIGTERM. */
  readonly restart?: () => void;
}

/** A running agent. */
export interface Agent {
  /**
   * Closes the ports, closes the windows as partial, seals, sends what it can within `stopDeadlineMs`, and
   * keeps the rest for the next start. Calling it again waits for the same end.
   */
  stop(): Promise<void>;
  /** Whether the gateway can be reached now. */
  isOnline(): boolean;
  /** Sealed batches that the gateway has not acknowledged. */
  waitingBatches(): number;
}

/** How long a stop goes on sending. */
export const stopDeadlineMs = 5000;

/**
 * Starts an agent; it runs until `stop`. Throws FieldlineError where it cannot start at all: `JOURNAL_LOCKED`
 * for a data directory that another agent uses, `JOURNAL_OPEN_FAILED` for one that cannot be used. Sensors
 * and gateway that are away are no errors: the agent waits for them.
 */
export async function startAgent(local: AgentConfig, options: AgentOptions = {}): Promise<Agent> {
  const { logger = defaultLogger(), clock = deviceClock(local), timers = systemTimers } = options;
  const { device, dataDir } = local;
  const directory = join(dataDir, 'outbox');
  const outbox = await Outbox.open({ directory, ...local.outbox, clock, logger });
  if (clock instanceof DeviceClock) clock.doubtBefore(outbox.state.lastBatch?.sentAt ?? 0);
  const startedAtUs = clock.nowUs();
  const store = await openStore(local, logger);
  const start = await startingConfig(store, local);
  const { config } = start;
  outbox.changeLimits(config.outbox);
  const memory = new MemoryQueue(config.outbox.memoryBytes);
  const ledger = new Ledger();
  const systemUs = (): number => Date.now() * 1000;
  const self = (): SelfFigures => selfFigures({ outbox, memory, ledger, sensors, clock, systemUs });
  const sensors: SensorSet = new SensorSet({ ledger, clock, timers, logger, self });
  sensors.prepare(config.sensors, start.version);
  const { pipelines } = sensors;
  const awaitFirst = (fromUs: number, reason: string): void => sensors.awaitFirst(fromUs, reason);
  const bootId = readBootId();
  const firstStart = await firstStartOf(outbox, { dataDir, start: { bootId, atUs: startedAtUs }, logger });
  const since = { bootId, nowUs: startedAtUs, firstStart, awaitFirst };
  const restored = declareRestart({ outbox, ledger, pipelines, ...since });
  const alarms = new Set<ErrorCode>();
  const counted = { outbox, memory, alarms, ledger, sensors, bootId, startedAtUs };
  const identity = openIdentity(local, { clock, timers, logger });
  const { restart = terminate } = options;
  const parts = { store, start, ...counted, clock, timers, logger, identity, restart };
  const { uplink, remote, flushing, updater } = buildRemote(config, parts);
  const isOnline = (): boolean => uplink.isOnline;
  const alarm = (isFailing: boolean): void => {
    alarms[isFailing ? 'add' : 'delete']('OUTBOX_WRITE_FAILED');
    uplink.report();
  };
  const unsetHoldUs = local.clock.settleUs;
  const sealed = { outbox, memory, restored, unsetHoldUs, isOnline, alarm };
  const sealer = new Sealer({ device, bootId, sensors, ledger, clock, logger, ...sealed });
  uplink.start();
  sensors.start();
  const watchdog = new Watchdog({ environment: process.env, logger });
  const pass = (): void => void sealer.flush().then(() => watchdog.progress(performance.now()));
  flushing.start(pass, config.flushUs);
  const about = { device, sensors: config.sensors.length, version: start.version, epoch: outbox.state.epoch };
  logger.info(about, 'agent started');

  async function shutDown(): Promise<void> {
    const settled = Promise.all([remote.stop(), updater.stop()]);
    await sensors.stop();
    flushing.stop();
    await settled;
    await sealer.finish();
    await uplink.stop(stopDeadlineMs);
    await outbox.close();
    logger.info({ device }, 'agent stopped');
  }
  let stopping: Promise<void> | undefined;
  return {
    stop: () => (stopping ??= shutDown()),
    isOnline,
    waitingBatches: () => outbox.nextOffset - outbox.firstWaiting + memory.nextOffset - memory.firstWaiting,
  };
}

/** As whoever runs the agent would end it. */
function terminate(): void {
  process.kill(process.pid, 'SIGTERM');
}

/** The first start of a device that has sealed nothing since; undefined for all others. */
async function firstStartOf(
  { state, isUnwritable }: Outbox,
  about: { readonly dataDir: string; readonly start: Start; readonly logger: Logger },
): Promise<Start | undefined> {
  if (state.lastBatch !== undefined || isUnwritable) return undefined;
  try {
    return await noteFirstStart(about.dataDir, about.start);
  } catch (cause) {
    about.logger.warn(
      { cause: String(cause) },
      'the first start of the device cannot be kept in its data directory',
    );
    return undefined;
  }
}

/** A device that has a password needs no certificate; what it kept of an earlier one might be revoked. */
function openIdentity(
  { device, dataDir, local }: AgentConfig,
  about: { readonly clock: Clock; readonly timers: Timers; readonly logger: Logger },
): DeviceIdentity | undefined {
  if (local.gateway.password !== '') return undefined;
  const { clock, timers, logger } = about;
  const nowUs = (): number => clock.nowUs();
  return new DeviceIdentity({ device, dataDir, claim: local.claim, nowUs, timers, logger });
}

function deviceClock({ clock: { syncedFile, settleUs, receiver } }: AgentConfig): DeviceClock {
  return new DeviceClock({ sources: systemTimeSources(syncedFile), settleUs, receiver });
}

/** Remembers who the device is, for a start without a readable file. A disk that fails stops no sensor. */
async function openStore(local: AgentConfig, logger: Logger): Promise<AppliedStore> {
  const store = await AppliedStore.open(local.dataDir);
  const { device, gateway } = local.local;
  await store.saveIdentity({ device, ...gateway }).catch((cause: unknown) => {
    logger.warn({ cause: String(cause) }, 'the identity of the device cannot be kept in its data directory');
  });
  return store;
}

interface RemoteParts {
  readonly store: AppliedStore;
  readonly start: StartingConfig;
  readonly outbox: Outbox;
  readonly memory: MemoryQueue;
  /** What a person has to mend now. */
  readonly alarms: Set<ErrorCode>;
  readonly ledger: Ledger;
  readonly sensors: SensorSet;
  readonly bootId: string;
  readonly startedAtUs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Undefined where the device has a password. */
  readonly identity: DeviceIdentity | undefined;
  readonly restart: () => void;
}

/** What the gateway is told and what it may change. */
function buildRemote(
  config: AgentConfig,
  parts: RemoteParts,
): { uplink: Uplink; remote: RemoteConfig; flushing: Flushing; updater: Updater } {
  const { store, start, sensors, outbox, memory, clock, timers, logger } = parts;
  const flushing = new Flushing(timers);
  let gatewayUrl = config.gateway.url;
  const remote: RemoteConfig = new RemoteConfig({
    store,
    start,
    changeSensors: (next, version) => sensors.change(next.sensors, version),
    changeRest: (next) => {
      outbox.changeLimits(next.outbox);
      memory.changeLimit(next.outbox.memoryBytes);
      flushing.change(next.flushUs);
      uplink.change(uplinkSettings(next));
      gatewayUrl = next.gateway.url;
    },
    recordings: () => sensors.recordings,
    report: () => uplink.report(),
    nowUs: () => clock.nowUs(),
    timers,
    logger,
  });
  const updater = buildUpdater(config, parts, {
    report: () => uplink.report(),
    gatewayUrl: () => gatewayUrl,
  });
  const uplink: Uplink = buildUplink(config, parts, { remote, updater });
  return { uplink, remote, flushing, updater };
}

function uplinkSettings({ gateway, keepaliveSec, uplink }: AgentConfig): UplinkSettings {
  return { gateway, keepaliveSec, ...uplink };
}

function buildUpdater(
  { local }: AgentConfig,
  { sensors, restart, timers, logger }: RemoteParts,
  about: { readonly report: () => void; readonly gatewayUrl: () => string },
): Updater {
  const { keys, confirmWithinUs } = local.updates;
  return new Updater({
    launched: launchedBy(process.env),
    keys,
    confirmWithinMs: confirmWithinUs / 1000,
    arch: archOf(process.arch),
    runningVersion: agentVersion,
    gatewayUrl: (port) => local.claim?.url ?? `https://${new URL(about.gatewayUrl()).hostname}:${port}`,
    untilBoundaryMs: () => sensors.untilBoundaryMs(),
    restart,
    report: about.report,
    disk: systemDisk,
    timers,
    logger,
  });
}

/** What the status says of updates; nothing where there was none. */
function updateOf(updater: Updater): Pick<Status, 'update'> {
  const update = updater.progress();
  return update ? { update } : {};
}

function buildUplink(
  config: AgentConfig,
  parts: RemoteParts,
  { remote, updater }: { readonly remote: RemoteConfig; readonly updater: Updater },
): Uplink {
  const { outbox, memory, ledger, sensors, bootId, startedAtUs, clock, timers, logger, identity } = parts;
  // Only what this process has sealed shows that its version works, from the sensor on.
  const ownFrom = outbox.nextOffset;
  const uplink: Uplink = new Uplink({
    device: config.device,
    ...uplinkSettings(config),
    ...(identity && { identity }),
    outbox,
    memory,
    timers,
    logger,
    reported: () => remote.reported(),
    acknowledged: (reported) => {
      remote.acknowledged(reported);
      // Without a sensor there is nothing else that could be delivered.
      if (sensors.hosts.size === 0) updater.delivered();
    },
    delivered: ({ offset }) => {
      if (offset >= ownFrom) updater.delivered();
    },
    desired: (desired) => remote.desired(desired),
    status: (online) => ({
      online,
      agentVersion,
      configVersion: sensors.version,
      bootId,
      clock: clock.quality(),
      startedAt: startedAtUs,
      ...(parts.alarms.size > 0 ? { alarms: [...parts.alarms] } : {}),
      ...updateOf(updater),
    }),
    commands: {
      ping: () => ({ pong: true, nowUs: clock.nowUs() }),
      update: (args) => updater.order(args),
      'dry-run': (args) => remote.dryRun(args),
      burst: (args) =>
        burstCommand(args, { source: (sensor) => sensors.pipeline(sensor), nowUs: clock.nowUs() }),
      stats: () => ({
        sensors: Object.fromEntries([...sensors.hosts].map(([sensor, host]) => [sensor, host.counters()])),
        dropped: ledger.reasons(),
        outbox: { ...outbox.counters(), memory: memory.counters() },
        uplink: uplink.counters,
        updates: updater.figures(),
      }),
    },
  });
  return uplink;
}
