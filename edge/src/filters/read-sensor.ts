import { systemClock, type Clock } from '../bindings/clock.ts';
import { SerialLine } from '../bindings/serial-line.ts';
import type { SerialSettings } from '../bindings/serial-settings.ts';
import { systemTimers } from '../bindings/timers.ts';
import type { SensorConfig } from '../config/agent-config.ts';
import type { ByteReceiver, Columns, DriverHost, RunningDriver } from '../drivers/driver.ts';
import type { Logger } from '../logger.ts';
import { Poller, type Poll, type PollPlan } from '../polling/poller.ts';
import type { ReadingLine } from './reading-line.ts';

/** What a read stands on. */
export interface SensorReadingOptions {
  readonly sensor: SensorConfig;
  readonly logger: Logger;
  /** Called for each finite value, in the order of the driver. */
  readonly onReading: (line: ReadingLine) => void;
}

/**
 * Runs the driver of one sensor and hands over its readings as they are, without transforms, windows or outbox:
 * for pipelines of the shell. What is no reading is left out.
 */
export class SensorReading implements DriverHost {
  readonly clock: Clock = systemClock();
  readonly timers = systemTimers;
  readonly #options: SensorReadingOptions;
  readonly #inputs: { stop(): Promise<void> }[] = [];
  readonly #driver: RunningDriver;

  /** Starts reading. */
  constructor(options: SensorReadingOptions) {
    this.#options = options;
    this.#driver = options.sensor.driver.start(this);
  }

  /** Stops the driver and closes its ports. */
  async stop(): Promise<void> {
    this.#driver.stop();
    await Promise.all(this.#inputs.map((input) => input.stop()));
  }

  emit(t: Float64Array, columns: Columns): void {
    const { sensor, onReading } = this.#options;
    const { quantities } = sensor.driver.plan;
    for (let row = 0; row < t.length; row++) {
      quantities.forEach(({ quantity, unit }, column) => {
        const v = columns[column]?.[row];
        if (v !== undefined && Number.isFinite(v))
          onReading({ t: t[row]!, sensor: sensor.id, quantity, unit, v });
      });
    }
  }

  discard(reason: string, sizeBytes: number): void {
    this.#options.logger.warn({ reason, sizeBytes }, 'bytes that are no reading');
  }

  gap(): void {
    // A pipe carries readings only: whoever reads them sees by their times that some are missing.
  }

  openSerial(settings: SerialSettings, receiver: ByteReceiver): void {
    const { clock, timers } = this;
    const events = {
      bytes: (chunk: Uint8Array, atUs: number, midway: boolean) => receiver.bytes(chunk, atUs, midway),
      reset: (atUs: number) => receiver.reset(atUs),
      gap: () => undefined,
    };
    this.#inputs.push(new SerialLine(settings, events, { clock, timers, logger: this.#options.logger }));
  }

  poll(plan: PollPlan, poll: Poll): void {
    const { clock, timers } = this;
    const { logger } = this.#options;
    const events = {
      failed: (cause: unknown) => logger.warn({}, cause instanceof Error ? cause.message : String(cause)),
      hung: () => logger.warn({}, 'the sensor does not answer'),
      gap: () => undefined,
    };
    this.#inputs.push(new Poller({ plan, poll, events, clock, timers }));
  }
}
