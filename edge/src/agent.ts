import { join } from 'node:path';
import { SensorPipeline } from './aggregator/sensor-pipeline.ts';
import { readBootId } from './bindings/boot-id.ts';
import { systemClock, type Clock } from './bindings/clock.ts';
import { systemTimers, type Timers } from './bindings/timers.ts';
import type { AgentConfig } from './config/agent-config.ts';
import { SensorHost } from './drivers/sensor-host.ts';
import { Ledger } from './ledger/ledger.ts';
import { defaultLogger, type Logger } from './logger.ts';
import { Outbox } from './outbox/outbox.ts';
import { declareRestart } from './outbox/declare-restart.ts';
import { Sealer } from './outbox/sealer.ts';
import { Uplink } from './uplink/uplink.ts';
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
 */

/** What a caller may put in the place of the real thing. */
export interface AgentOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly timers?: Timers;
}

/** A running agent. */
export interface Agent {
  /**
   * Closes the ports, closes the windows as partial, seals, sends what it can within `stopDeadlineMs`, and
   * keeps the rest for the next start. Calling it again waits for the same end.
   */
  stop(): Promise<void>;
}

/** How long a stop goes on sending. */
export const stopDeadlineMs = 5000;

/**
 * Starts an agent; it runs until `stop`. Throws FieldlineError where it cannot start at all: `JOURNAL_LOCKED`
 * for a data directory that another agent uses, `JOURNAL_OPEN_FAILED` for one that cannot be used. Sensors
 * and gateway that are away are no errors: the agent waits for them.
 */
export async function startAgent(config: AgentConfig, options: AgentOptions = {}): Promise<Agent> {
  const { logger = defaultLogger(), clock = systemClock(), timers = systemTimers } = options;
  const startedAtUs = clock.nowUs();
  const { maxBytes, maxAgeUs } = config.outbox;
  const directory = join(config.dataDir, 'outbox');
  const outbox = await Outbox.open({ directory, maxBytes, maxAgeUs, clock, logger });
  const ledger = new Ledger();
  const pipelines = buildPipelines(config, ledger, startedAtUs);
  const restored = declareRestart({ outbox, ledger, pipelines, nowUs: startedAtUs });
  const hosts = new Map(
    [...pipelines].map(([sensor, pipeline]) => [
      sensor,
      new SensorHost({ sensor, pipeline, clock, timers, logger }),
    ]),
  );
  const bootId = readBootId();
  const uplink = buildUplink(config, { outbox, ledger, hosts, bootId, startedAtUs, clock, timers, logger });
  const isOnline = (): boolean => uplink.isOnline;
  const { device } = config;
  const sealer = new Sealer({
    device,
    bootId,
    configVersion,
    pipelines,
    ledger,
    outbox,
    clock,
    logger,
    restored,
    isOnline,
  });
  uplink.start();
  for (const { id, driver } of config.sensors) hosts.get(id)?.start(driver);
  const stopFlushing = timers.every(config.flushUs / 1000, () => void sealer.flush());
  logger.info({ device, sensors: config.sensors.length, epoch: outbox.state.epoch }, 'agent started');

  async function shutDown(): Promise<void> {
    await Promise.all([...hosts.values()].map((host) => host.stop()));
    stopFlushing();
    await sealer.finish();
    await uplink.stop(stopDeadlineMs);
    await outbox.close();
    logger.info({ device }, 'agent stopped');
  }
  let stopping: Promise<void> | undefined;
  return { stop: () => (stopping ??= shutDown()) };
}

/** The version of a configuration that came from the local file. */
const configVersion = 0;

function buildPipelines(
  config: AgentConfig,
  ledger: Ledger,
  startedAtUs: number,
): Map<string, SensorPipeline> {
  return new Map(
    config.sensors.map(({ id, type, streams, latenessUs }) => [
      id,
      new SensorPipeline({ sensor: id, type, streams, latenessUs, startedAtUs, ledger }),
    ]),
  );
}

interface UplinkParts {
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly hosts: ReadonlyMap<string, SensorHost>;
  readonly bootId: string;
  readonly startedAtUs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

function buildUplink(config: AgentConfig, parts: UplinkParts): Uplink {
  const { outbox, ledger, hosts, bootId, startedAtUs, clock, timers, logger } = parts;
  const { device, gateway, keepaliveSec } = config;
  const uplink: Uplink = new Uplink({
    device,
    gateway,
    keepaliveSec,
    ...config.uplink,
    outbox,
    timers,
    logger,
    reported: { version: configVersion, state: 'applied', errors: [], config: config.reported },
    status: (online) => ({
      online,
      agentVersion,
      configVersion,
      bootId,
      clock: clock.quality(),
      startedAt: startedAtUs,
    }),
    commands: {
      ping: () => ({ pong: true, nowUs: clock.nowUs() }),
      stats: () => ({
        sensors: Object.fromEntries([...hosts].map(([sensor, host]) => [sensor, host.counters()])),
        dropped: ledger.reasons(),
        outbox: outbox.counters(),
        uplink: uplink.counters,
      }),
    },
  });
  return uplink;
}
