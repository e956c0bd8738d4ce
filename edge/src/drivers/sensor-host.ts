import { FieldlineError } from '@fieldline/protocol';
import type { SensorFeed } from '../aggregator/sensor-feed.ts';
import type { Clock } from '../bindings/clock.ts';
import type { SerialCounters } from '../bindings/serial-line.ts';
import type { SerialSettings } from '../bindings/serial-settings.ts';
import type { LineHold, SharedLines } from '../bindings/shared-lines.ts';
import type { Timers } from '../bindings/timers.ts';
import type { Logger } from '../logger.ts';
import { Poller, type Poll, type PollCounters, type PollPlan } from '../polling/poller.ts';
import type { SelfFigures } from './agent/self-figures.ts';
import type { BoundDriver, ByteReceiver, Columns, DriverHost, RunningDriver } from './driver.ts';

/** What a sensor stands on. */
export interface SensorHostOptions {
  readonly sensor: string;
  readonly feed: SensorFeed;
  /** The serial lines of this sensor, shared with the driver that this one takes over from. */
  readonly lines: SharedLines;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** What the agent knows of itself. */
  readonly self?: (() => SelfFigures) | undefined;
}

/** What became of a sensor's input, for the command `stats`. */
export interface SensorCounters {
  readonly serial: readonly SerialCounters[];
  readonly discarded: Readonly<Record<string, { readonly frames: number; readonly bytes: number }>>;
  readonly polls: readonly PollCounters[];
  /** What the driver measured of its source; undefined where it measures nothing. */
  readonly figures: object | undefined;
}

/** Discarded frames closer together than this are one burst, of which only the first is logged. */
const burstUs = 10_000_000;

/** Runs one driver: owns its ports and timers, and carries what it yields to the pipeline. */
export class SensorHost implements DriverHost {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly self?: (() => SelfFigures) | undefined;
  readonly #options: SensorHostOptions;
  readonly #lines: LineHold[] = [];
  readonly #pollers: Poller[] = [];
  readonly #discarded = new Map<string, { frames: number; bytes: number }>();
  #lastDiscardUs = Number.NEGATIVE_INFINITY;
  #driver: RunningDriver | undefined;

  /** While false its driver reads along, and what it yields is not counted: another has the turn. */
  isActive = true;

  constructor(options: SensorHostOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.timers = options.timers;
    this.self = options.self;
  }

  /** Starts the driver. */
  start(driver: BoundDriver): void {
    this.#driver = driver.start(this);
  }

  /** Stops the driver, then closes its ports. What the driver had begun is handed over before this resolves. */
  async stop(): Promise<void> {
    this.#driver?.stop();
    await Promise.all([...this.#lines, ...this.#pollers].map((input) => input.stop()));
  }

  /** What became of the input so far. */
  counters(): SensorCounters {
    return {
      serial: this.#lines.map(({ counters }) => ({ ...counters })),
      discarded: Object.fromEntries(this.#discarded),
      polls: this.#pollers.map(({ counters }) => ({ ...counters })),
      figures: this.#driver?.figures?.(),
    };
  }

  emit(t: Float64Array, columns: Columns, doubt?: string): void {
    if (this.isActive) this.#options.feed.emit(t, columns, doubt);
  }

  gap(fromUs: number, toUs: number, reason: string): void {
    if (this.isActive) this.#options.feed.gap(fromUs, toUs, reason);
  }

  tellTime(utcUs: number, atUs: number): void {
    if (this.isActive) this.clock.hear?.(this.#options.sensor, utcUs, atUs);
  }

  discard(reason: string, sizeBytes: number): void {
    if (!this.isActive) return;
    const known = this.#discarded.get(reason) ?? { frames: 0, bytes: 0 };
    known.frames += 1;
    known.bytes += sizeBytes;
    this.#discarded.set(reason, known);
    const nowUs = this.clock.nowUs();
    const isBurst = nowUs - this.#lastDiscardUs < burstUs;
    this.#lastDiscardUs = nowUs;
    if (isBurst) return;
    const error = new FieldlineError('SOURCE_GARBAGE', {
      subject: this.#options.sensor,
      detail: `Reason: ${reason}.`,
    });
    this.#options.logger.warn({ code: error.code, sensor: this.#options.sensor, reason }, error.message);
  }

  openSerial(settings: SerialSettings, receiver: ByteReceiver): void {
    const events = {
      bytes: (chunk: Uint8Array, atUs: number, midway: boolean) => receiver.bytes(chunk, atUs, midway),
      reset: (atUs: number) => receiver.reset(atUs),
      gap: (fromUs: number, toUs: number, reason: string) => this.gap(fromUs, toUs, reason),
    };
    this.#lines.push(this.#options.lines.open(settings, events));
  }

  poll(plan: PollPlan, poll: Poll): void {
    const events = {
      failed: (cause: unknown) => this.#reportPoll(cause),
      hung: () => this.#reportPoll(this.#hungError(plan)),
      gap: (fromUs: number, toUs: number, reason: string) => this.gap(fromUs, toUs, reason),
    };
    this.#pollers.push(new Poller({ plan, poll, events, clock: this.clock, timers: this.timers }));
  }

  #hungError({ deadlineMs }: PollPlan): FieldlineError {
    const detail = `No answer within ${deadlineMs} ms.`;
    return new FieldlineError('SOURCE_HUNG', { subject: this.#options.sensor, detail });
  }

  #reportPoll(cause: unknown): void {
    const { sensor, logger } = this.#options;
    const message = cause instanceof Error ? cause.message : String(cause);
    logger.warn({ sensor, code: cause instanceof FieldlineError ? cause.code : undefined }, message);
  }
}
