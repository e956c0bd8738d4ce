import { RecentReadings, recordedBytesMax, recordedSensorBytesMax } from '../aggregator/recent-readings.ts';
import { SensorFeed } from '../aggregator/sensor-feed.ts';
import type { SensorPipeline } from '../aggregator/sensor-pipeline.ts';
import { TimedPipeline } from '../aggregator/timed-pipeline.ts';
import type { Clock } from '../bindings/clock.ts';
import { SharedLines } from '../bindings/shared-lines.ts';
import type { Timers } from '../bindings/timers.ts';
import type { SensorConfig } from '../config/agent-config.ts';
import { sensorChanges, type SensorChange } from '../config/config-changes.ts';
import { switchTime } from '../config/switch-time.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Logger } from '../logger.ts';
import { LatestReadings } from '../transforms/join/latest-readings.ts';
import type { Generation, SealedSensors } from '../outbox/draft-maker.ts';
import type { SelfFigures } from './agent/self-figures.ts';
import { SensorHost } from './sensor-host.ts';

/** What the sensors of an agent stand on. */
export interface SensorSetOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** What the agent knows of itself. */
  readonly self?: (() => SelfFigures) | undefined;
}

interface Running {
  readonly config: SensorConfig;
  readonly host: SensorHost;
  readonly feed: SensorFeed;
  readonly recent: RecentReadings;
  readonly lines: SharedLines;
  readonly pipeline: TimedPipeline;
  /** The version that made the pipeline, where readings may come to it before that version runs. */
  readonly ahead?: number;
}

/** A pipeline whose turn is over, until all of it is sealed. */
interface Retiring {
  readonly configVersion: number;
  readonly pipeline: TimedPipeline;
  readonly feed: SensorFeed;
  /** Its readings end here (µs UTC); infinite while its driver still hands over what it had begun. */
  untilUs: number;
  /** How long it waits for late ones. */
  readonly latenessUs: number;
  isClosed: boolean;
}

/** The reason of the gap that a change of a sensor's line leaves. */
const reconfigured = 'reconfigured';
/** How long a change takes at least, so that what is due before it is still old, in microseconds. */
const leadUs = 20_000;
/** How long a new driver reads along before it takes over: it must have seen the beginning of a frame. */
const readAlongUs = 1_000_000;

/**
 * The running sensors: for each its driver, its lines and the pipeline of the running configuration. Changes
 * them without a restart: at one moment, which old and new windows share where they can, only what differs.
 */
export class SensorSet implements SealedSensors {
  readonly #options: SensorSetOptions;
  #sensors = new Map<string, Running>();
  #retiring: Retiring[] = [];
  readonly #latest = new LatestReadings();
  #version = 0;
  #stopped = false;
  /** Drivers that read along, and have not taken over. */
  readonly #readingAlong = new Set<SensorHost>();
  #stopWaiting: () => void = () => undefined;

  constructor(options: SensorSetOptions) {
    this.#options = options;
  }

  /** The version of the running configuration. */
  get version(): number {
    return this.#version;
  }

  /** The hosts by sensor, for counters. */
  get hosts(): ReadonlyMap<string, SensorHost> {
    return new Map([...this.#sensors].map(([id, { host }]) => [id, host]));
  }

  /** The pipelines by sensor. */
  get pipelines(): ReadonlyMap<string, SensorPipeline> {
    return new Map([...this.#sensors].map(([id, { pipeline }]) => [id, pipeline]));
  }

  /** The last minutes of every sensor, as its driver yielded them. */
  get recordings(): ReadonlyMap<string, RecentReadings> {
    return new Map([...this.#sensors].map(([id, { recent }]) => [id, recent]));
  }

  /** Makes the first sensors; their drivers start with `start`. */
  prepare(sensors: readonly SensorConfig[], version: number): void {
    this.#version = version;
    const nowUs = this.#options.clock.nowUs();
    for (const config of sensors) this.#sensors.set(config.id, this.#build(config, nowUs, sensors.length));
  }

  /** What each sensor has missed from here until its first reading becomes a gap, because. */
  awaitFirst(fromUs: number, reason: string): void {
    for (const { feed } of this.#sensors.values()) feed.awaitFirst(fromUs, reason);
  }

  /** Starts the drivers. */
  start(): void {
    for (const { host, config } of this.#sensors.values()) host.start(config.driver);
  }

  /**
   * Changes to other sensors; resolves when the new ones have taken over, or with false where a stop came
   * first. Never called concurrently.
   */
  async change(sensors: readonly SensorConfig[], version: number): Promise<boolean> {
    if (this.#stopped) return false;
    const { clock } = this.#options;
    const last = [...this.#sensors.values()].map(({ config }) => config);
    const changes = sensorChanges(last, sensors).filter(({ kind }) => kind !== 'kept');
    const readsAlong = changes.some(({ kind }) => kind === 'driver');
    const earliestUs = clock.nowUs() + (readsAlong ? readAlongUs : leadUs);
    const atUs = switchTime(earliestUs, lengthsOf(changes));
    const lastVersion = this.#version;
    const about = { atUs, lastVersion, version, count: sensors.length };
    const finish = changes.map((change) => this.#begin(change, about));
    const mayGoOn = finish.length === 0 || (await this.#wait(Math.max(0, (atUs - clock.nowUs()) / 1000)));
    if (!mayGoOn) return false;
    this.#version = version;
    await Promise.all(finish.map(async (each) => each()));
    return true;
  }

  /** How long until a moment at which no window is open, in ms; 0 where that is too far to wait for. */
  untilBoundaryMs(): number {
    const earliestUs = this.#options.clock.nowUs() + leadUs;
    const lastUs = [...this.#sensors.values()].flatMap(({ config }) =>
      config.streams.map(({ windowUs }) => windowUs),
    );
    return Math.max(0, (switchTime(earliestUs, { lastUs, nextUs: [] }) - this.#options.clock.nowUs()) / 1000);
  }

  close(nowUs: number, last: boolean): void {
    for (const { pipeline } of this.#sensors.values()) {
      if (last) pipeline.closeAll(nowUs);
      else pipeline.closeDue(nowUs);
    }
    this.#retiring = this.#retiring.filter((each) => !this.#hasEnded(each));
    // While the time is not known a pipeline holds readings that it does not count yet.
    const { base } = this.#options.clock;
    if (base !== undefined && base.offsetUs === undefined && !last) return;
    for (const each of this.#retiring) closeRetiring(each, nowUs, last);
  }

  cut(): void {
    for (const { pipeline } of this.#sensors.values()) pipeline.cut();
    for (const { pipeline, isClosed } of this.#retiring) if (!isClosed) pipeline.cut();
  }

  generations(): readonly Generation[] {
    const old = this.#retiring.map(({ configVersion, pipeline }) => ({
      configVersion,
      pipelines: [pipeline],
    }));
    const all = [...this.#sensors.values()];
    const ahead = all.flatMap(({ pipeline, ahead: configVersion }) =>
      configVersion === undefined ? [] : [{ configVersion, pipelines: [pipeline] }],
    );
    const running = all.filter(({ ahead: version }) => version === undefined);
    const pipelines = running.map(({ pipeline }) => pipeline);
    return [...old, ...ahead, { configVersion: this.#version, pipelines }];
  }

  pipeline(sensor: string): SensorPipeline | undefined {
    return this.#sensors.get(sensor)?.pipeline;
  }

  /** Stops the drivers and closes their ports; what they had begun is handed over before this resolves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopWaiting();
    const hosts = [...this.#sensors.values()].map(({ host }) => host);
    await Promise.all([...hosts, ...this.#readingAlong].map((host) => host.stop()));
  }

  /** Waits; false where a stop came first. */
  #wait(delayMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#options.timers.after(delayMs, () => resolve(!this.#stopped));
      this.#stopWaiting = () => {
        cancel();
        resolve(false);
      };
    });
  }

  /** Begins a change; the answer is called at its time. */
  #begin(
    change: SensorChange,
    about: { atUs: number; lastVersion: number; version: number; count: number },
  ): () => void | Promise<void> {
    if (change.kind === 'added') return () => this.#add(change.next, about.count);
    const running = this.#sensors.get(change.kind === 'removed' ? change.last.id : change.next.id);
    if (running === undefined || change.kind === 'kept') return () => undefined;
    if (change.kind === 'removed') return () => this.#remove(running, about.lastVersion);
    if (change.kind === 'streams') return this.#switchStreams(running, change.next, about);
    return this.#switchDriver(running, change, about);
  }

  /** The readings go to the new pipeline by their own times: nothing has to happen at the moment itself. */
  #switchStreams(
    running: Running,
    config: SensorConfig,
    { atUs, lastVersion, version }: { atUs: number; lastVersion: number; version: number },
  ): () => void {
    const pipeline = this.#newPipeline(config, atUs);
    running.feed.switchAt(atUs, pipeline);
    this.#retire(running, { untilUs: atUs, configVersion: running.ahead ?? lastVersion });
    const { ahead: _ahead, ...switched } = { ...running, config, pipeline };
    this.#sensors.set(config.id, { ...switched, ahead: version });
    return () => void this.#sensors.set(config.id, switched);
  }

  /**
   * Over an open line the new driver reads along until it takes over, between two chunks of bytes: a frame
   * that ends before is the old one's, one that ends after is the new one's.
   */
  #switchDriver(
    running: Running,
    { kind, next }: Extract<SensorChange, { kind: 'driver' | 'input' | 'streams' }>,
    { lastVersion, count }: { lastVersion: number; count: number },
  ): () => Promise<void> {
    const lines = kind === 'driver' ? running.lines : this.#newLines();
    const successor = this.#build(next, this.#options.clock.nowUs(), count, lines);
    if (kind !== 'driver') return () => this.#replace(running, successor, lastVersion);
    successor.host.isActive = false;
    this.#readingAlong.add(successor.host);
    successor.host.start(next.driver);
    return async () => {
      running.host.isActive = false;
      successor.host.isActive = true;
      this.#readingAlong.delete(successor.host);
      this.#retire(running, { untilUs: this.#options.clock.nowUs(), configVersion: lastVersion });
      this.#sensors.set(next.id, successor);
      await running.host.stop();
    };
  }

  /** Another line: it opens when the old one has closed, and what is said in between becomes a gap. */
  async #replace(running: Running, successor: Running, configVersion: number): Promise<void> {
    const { clock } = this.#options;
    const retiring = this.#retire(running, { untilUs: Number.POSITIVE_INFINITY, configVersion });
    this.#sensors.set(successor.config.id, successor);
    await running.host.stop();
    retiring.untilUs = clock.nowUs();
    successor.feed.awaitFirst(retiring.untilUs, reconfigured);
    if (!this.#stopped) successor.host.start(successor.config.driver);
  }

  #add(config: SensorConfig, count: number): void {
    const added = this.#build(config, this.#options.clock.nowUs(), count);
    this.#sensors.set(config.id, added);
    added.host.start(config.driver);
  }

  async #remove(running: Running, configVersion: number): Promise<void> {
    const retiring = this.#retire(running, { untilUs: Number.POSITIVE_INFINITY, configVersion });
    this.#sensors.delete(running.config.id);
    await running.host.stop();
    retiring.untilUs = this.#options.clock.nowUs();
  }

  #retire({ pipeline, feed, config }: Running, about: { untilUs: number; configVersion: number }): Retiring {
    const retiring = { ...about, pipeline, feed, latenessUs: config.latenessUs, isClosed: false };
    this.#retiring.push(retiring);
    return retiring;
  }

  #hasEnded({ isClosed, pipeline, feed }: Retiring): boolean {
    if (!isClosed || pipeline.pendingRows > 0) return false;
    feed.end(pipeline);
    return true;
  }

  #build(config: SensorConfig, nowUs: number, count: number, lines = this.#newLines()): Running {
    const { clock, timers, logger, self } = this.#options;
    const pipeline = this.#newPipeline(config, nowUs);
    const quantities = config.driver.plan.quantities.map(({ quantity }) => quantity);
    const sizeBytes = Math.min(recordedSensorBytesMax, recordedBytesMax / Math.max(1, count));
    const recent = new RecentReadings(quantities, sizeBytes);
    const feed = new SensorFeed(pipeline, recent);
    const host = new SensorHost({ sensor: config.id, feed, lines, clock, timers, logger, self });
    return { config, pipeline, recent, feed, lines, host };
  }

  #newPipeline({ id, type, streams, latenessUs }: SensorConfig, startedAtUs: number): TimedPipeline {
    const { ledger, clock } = this.#options;
    const latest = this.#latest;
    return new TimedPipeline({ sensor: id, type, streams, latenessUs, startedAtUs, ledger, latest }, clock);
  }

  #newLines(): SharedLines {
    const { clock, timers, logger } = this.#options;
    return new SharedLines({ clock, timers, logger });
  }
}

/** Once late readings are no longer waited for, its windows close: those that it did not see whole are partial. */
function closeRetiring(each: Retiring, nowUs: number, last: boolean): void {
  const { pipeline, untilUs, latenessUs } = each;
  if (each.isClosed) return;
  if (!last && nowUs < untilUs + latenessUs) {
    pipeline.closeDue(nowUs);
    return;
  }
  pipeline.closeAll(Math.min(nowUs, untilUs));
  each.isClosed = true;
}

function lengthsOf(changes: readonly SensorChange[]): { lastUs: number[]; nextUs: number[] } {
  const lengths = (sensor: SensorConfig): number[] => sensor.streams.map(({ windowUs }) => windowUs);
  return {
    lastUs: changes.flatMap((change) => ('last' in change ? lengths(change.last) : [])),
    nextUs: changes.flatMap((change) => ('next' in change ? lengths(change.next) : [])),
  };
}
