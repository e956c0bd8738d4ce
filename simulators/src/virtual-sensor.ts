/*
 *   sensor ─► faults ─► writer ─► pty ─ ─ ► the agent's serialport
 *                          └─► recorder (only what the pty has taken whole)
 *   control (stdin) ─► start · stop · value · garbage · unplug · replug
 */
import type { Clock } from './clock.ts';
import { noFaults, noise, pieces, type FaultPlan } from './faults/fault-plan.ts';
import { PortWriter } from './pty/port-writer.ts';
import { readerSpeed } from './pty/reader-speed.ts';
import { VirtualPort } from './pty/virtual-port.ts';
import { seededRandom, type Random } from './random/seeded-random.ts';
import { Recorder } from './record/recorder.ts';
import type { Frame, Sensor } from './sensors/frame.ts';

/** A sensor, where it speaks, and what goes wrong with it. */
export interface VirtualSensorOptions {
  readonly sensor: Sensor;
  readonly clock: Clock;
  /** A symbolic link to keep pointing at the port. */
  readonly link?: string | undefined;
  /** A file for the record. */
  readonly record?: string | undefined;
  readonly faults?: FaultPlan | undefined;
  /** Seeds the faults; the sensor has its own. */
  readonly seed?: number | undefined;
  readonly baud?: number | undefined;
  readonly whileAway?: 'lose' | 'hold' | undefined;
  readonly speedOf?: (path: string) => Promise<number | undefined>;
}

/** What has been handed over and what has not, so far. */
export interface SensorTotals {
  readonly frames: number;
  readonly readings: Readonly<Record<string, number>>;
  readonly lost: {
    readonly away: number;
    readonly overrun: number;
    readonly unplugged: number;
    readonly dropout: number;
  };
}

const UNPLUGGED_FOR_MS = 2000;
const NOISE_BYTES = { least: 3, spread: 20 };
const STOP_DEADLINE_MS = 5000;
/** Frames sent at once after this process was held up; older ones are skipped, as their moment is gone. */
const LATEST_BEHIND_MS = 1000;

/** A sensor at the far end of a pseudo-terminal, running from `start` to `stop`. */
export class VirtualSensor {
  readonly #options: VirtualSensorOptions;
  readonly #faults: FaultPlan;
  readonly #random: Random;
  readonly #recorder: Recorder;
  readonly #writer: PortWriter;
  readonly port: VirtualPort;
  #cancelNext: (() => void) | undefined;
  #cancelReplug: (() => void) | undefined;
  #dueUs = 0;
  #dropouts = 0;

  constructor(options: VirtualSensorOptions) {
    this.#options = options;
    this.#faults = options.faults ?? noFaults;
    this.#random = seededRandom((options.seed ?? 1) ^ 0x5eed);
    this.#recorder = new Recorder(options.record, options.sensor.kind !== 'adc');
    this.port = new VirtualPort(options.link);
    this.#writer = new PortWriter({
      port: this.port,
      clock: options.clock,
      baud: options.baud,
      whileAway: options.whileAway ?? 'lose',
      speedOf: options.speedOf ?? readerSpeed,
      onDelivered: (frame) => this.#recorder.record(options.clock.nowUs(), frame),
    });
  }

  /** Begins to speak; the first frame comes at once. */
  start(): void {
    if (this.#cancelNext) return;
    this.#dueUs = this.#options.clock.nowUs();
    this.#step();
  }

  /** Falls silent; resolves once what was said has been handed over and recorded (or after 5 s). The port stays. */
  async stop(): Promise<SensorTotals> {
    this.#cancelNext?.();
    this.#cancelNext = undefined;
    await this.#writer.whenIdle(STOP_DEADLINE_MS);
    await this.#recorder.flush();
    return this.totals();
  }

  /** Says one frame with this value now, started or not; false where this sensor has no such frame. */
  say(value: number): boolean {
    const frame = this.#options.sensor.say?.(value);
    if (frame) this.#send(frame, false);
    return frame !== undefined;
  }

  /** Sends `count` bytes of noise, ended so that it cannot melt into the next frame. */
  garbage(count: number): void {
    const bytes = Buffer.concat([noise(this.#random, count), this.#options.sensor.terminator]);
    this.#send({ bytes, readings: {}, fault: 'garbage' }, false);
  }

  unplug(): void {
    this.#cancelReplug?.();
    this.#cancelReplug = undefined;
    this.#writer.clear();
    this.port.unplug();
  }

  replug(): void {
    this.port.replug();
  }

  totals(): SensorTotals {
    return {
      frames: this.#recorder.frames,
      readings: Object.fromEntries(this.#recorder.counts),
      lost: { ...this.#writer.lost, dropout: this.#dropouts },
    };
  }

  /** Pulls the plug for good. */
  async close(): Promise<void> {
    this.#cancelNext?.();
    this.#writer.close();
    this.unplug();
    await this.#recorder.close();
  }

  #step(): void {
    const { clock, sensor } = this.#options;
    const { frame, untilNextMs } = sensor.next();
    this.#sendWithFaults(frame);
    this.#dueUs = Math.max(this.#dueUs + untilNextMs * 1000, clock.nowUs() - LATEST_BEHIND_MS * 1000);
    const waitMs = Math.max(0, (this.#dueUs - clock.nowUs()) / 1000);
    this.#cancelNext = clock.after(waitMs, () => this.#step());
  }

  #sendWithFaults(frame: Frame): void {
    const { dropout, garbage, split, unplug } = this.#faults;
    if (this.#happens(unplug)) this.#unplugForAWhile();
    if (this.#happens(garbage)) this.garbage(NOISE_BYTES.least + this.#random.integer(NOISE_BYTES.spread));
    if (this.#happens(dropout)) this.#dropouts += 1;
    else this.#send(frame, this.#happens(split));
  }

  #send(frame: Frame, split: boolean): void {
    this.#writer.offer({ frame, pieces: split ? pieces(frame.bytes, this.#random) : [frame.bytes] });
  }

  #happens(rate: number): boolean {
    return rate > 0 && this.#random.uniform() < rate;
  }

  #unplugForAWhile(): void {
    if (!this.port.isPlugged) return;
    this.unplug();
    this.#cancelReplug = this.#options.clock.after(UNPLUGGED_FOR_MS, () => this.replug());
  }
}
