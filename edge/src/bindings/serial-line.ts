import { realpath } from 'node:fs/promises';
import { FieldlineError, type ErrorCode } from '@fieldline/protocol';
import { SerialPort } from 'serialport';
import type { Logger } from '../logger.ts';
import { Backoff, type BackoffLimits } from '../retry/backoff.ts';
import type { Clock } from './clock.ts';
import { findSerialPort, portName } from './find-serial-port.ts';
import type { SerialSettings } from './serial-settings.ts';
import type { Timers } from './timers.ts';

/** What a serial line tells its owner. */
export interface SerialEvents {
  /**
   * `midway`: the chunk may begin in the middle of a frame, since it came at once after the opening (or after
   * joining an open line). A frame that begins after a pause of `leadUs` is whole.
   */
  bytes(chunk: Uint8Array, atUs: number, midway: boolean): void;
  /** The line was interrupted: what was begun will not be continued. */
  reset(atUs: number): void;
  /** The line delivers again: nothing came between these times (µs UTC), because. */
  gap(fromUs: number, toUs: number, reason: string): void;
}

/** What a serial line stands on. */
export interface SerialContext {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly backoff?: BackoffLimits;
  /** How often a line is checked for silence and for its device file having gone, in milliseconds. */
  readonly watchIntervalMs?: number;
}

/** Counters of one line, for the command `stats`. */
export interface SerialCounters {
  opened: number;
  failed: number;
  bytes: number;
}

const backoffDefault: BackoffLimits = { firstMs: 200, maxMs: 5000 };
const watchIntervalDefaultMs = 1000;
/** Bytes that one read of a port may take: the kernel holds 4 KiB of a terminal, and each port keeps a buffer of this size. */
const readBytesMax = 16 * 1024;
/**
 * Bytes that come sooner after the opening may be the rest of a frame: a gap between two bytes of one frame is a
 * character's time, plus the 16 ms for which USB adapters collect.
 */
const leadUs = 50_000;

/**
 * One serial line, kept open: found by path or USB identity, opened, and opened again with jittered backoff
 * when it fails, disappears, comes back as another device, or falls silent. Some unplugs cause no `close`
 * event (serialport 13), so the device file and the silence are watched too.
 */
export class SerialLine {
  readonly counters: SerialCounters = { opened: 0, failed: 0, bytes: 0 };
  readonly #settings: SerialSettings;
  readonly #events: SerialEvents;
  readonly #context: SerialContext;
  readonly #backoff: Backoff;
  #port: SerialPort | undefined;
  #device: string | undefined;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;
  #lastReported: ErrorCode | undefined;
  #lastByteUs: number | undefined;
  #openedUs = 0;
  #isFresh = false;
  #outage: string | undefined;

  constructor(settings: SerialSettings, events: SerialEvents, context: SerialContext) {
    this.#settings = settings;
    this.#events = events;
    this.#context = context;
    this.#backoff = new Backoff(context.backoff ?? backoffDefault);
    void this.#open();
  }

  /** Whether the line is open now. */
  get isOpen(): boolean {
    return this.#port?.isOpen === true;
  }

  /** Closes the line for good. What was begun is handed over by a last `reset`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    const port = this.#port;
    this.#port = undefined;
    if (port === undefined) return;
    this.#events.reset(this.#context.clock.nowUs());
    await closePort(port);
  }

  async #open(): Promise<void> {
    const path = await findSerialPort(this.#settings).catch(() => undefined);
    const device = path === undefined ? undefined : await realpath(path).catch(() => undefined);
    if (this.#stopped) return;
    if (path === undefined || device === undefined) {
      this.#failed('SOURCE_PORT_MISSING', undefined);
      return;
    }
    const { baudRate } = this.#settings;
    const port = new SerialPort({ path, baudRate, autoOpen: false, highWaterMark: readBytesMax });
    port.on('data', (chunk: Uint8Array) => this.#received(port, chunk));
    port.on('close', () => this.#lost(port, 'SOURCE_PORT_FAILED', undefined));
    port.on('error', (error) => this.#lost(port, 'SOURCE_PORT_FAILED', error));
    port.open((error) => this.#opened(port, device, error));
  }

  #opened(port: SerialPort, device: string, error: Error | null): void {
    if (error) {
      this.#failed(openFailure(error), error);
    } else if (this.#stopped) {
      void closePort(port);
    } else {
      this.#port = port;
      this.#device = device;
      this.#openedUs = this.#context.clock.nowUs();
      this.#isFresh = true;
      this.counters.opened += 1;
      this.#context.logger.info({ port: this.#name, device }, 'serial port opened');
      this.#watchLater();
    }
  }

  #received(port: SerialPort, chunk: Uint8Array): void {
    if (port !== this.#port) return;
    const atUs = this.#context.clock.nowUs();
    if (this.#outage !== undefined && this.#lastByteUs !== undefined) {
      this.#events.gap(this.#lastByteUs, atUs, this.#outage);
    }
    this.#outage = undefined;
    this.#lastReported = undefined;
    this.#lastByteUs = atUs;
    this.counters.bytes += chunk.length;
    this.#backoff.reset();
    const midway = this.#isFresh && atUs - this.#openedUs < leadUs;
    this.#isFresh = false;
    this.#events.bytes(chunk, atUs, midway);
  }

  #watchLater(): void {
    const intervalMs = this.#context.watchIntervalMs ?? watchIntervalDefaultMs;
    this.#cancelTimer = this.#context.timers.after(intervalMs, () => void this.#watch());
  }

  async #watch(): Promise<void> {
    const port = this.#port;
    if (port === undefined || this.#stopped) return;
    const path = await findSerialPort(this.#settings).catch(() => undefined);
    const device = path === undefined ? undefined : await realpath(path).catch(() => undefined);
    if (port !== this.#port) return;
    const quietSinceUs = Math.max(this.#lastByteUs ?? 0, this.#openedUs);
    const quietMs = (this.#context.clock.nowUs() - quietSinceUs) / 1000;
    if (device !== this.#device) this.#lost(port, 'SOURCE_PORT_MISSING', undefined);
    else if (this.#settings.silenceMs > 0 && quietMs > this.#settings.silenceMs)
      this.#lost(port, 'SOURCE_SILENT', undefined);
    else this.#watchLater();
  }

  /** The open line is no use any more: gives it up and opens again later. */
  #lost(port: SerialPort, code: ErrorCode, cause: unknown): void {
    if (port !== this.#port) return;
    this.#port = undefined;
    this.#cancelTimer?.();
    this.#outage = code === 'SOURCE_SILENT' ? 'silent' : 'disconnected';
    this.#events.reset(this.#context.clock.nowUs());
    void closePort(port).then(() => this.#failed(code, cause));
  }

  #failed(code: ErrorCode, cause: unknown): void {
    if (this.#stopped) return;
    this.counters.failed += 1;
    if (code !== this.#lastReported) {
      const error = new FieldlineError(code, { subject: this.#name, cause });
      this.#context.logger.warn({ code, port: this.#name, cause: describeCause(cause) }, error.message);
    }
    this.#lastReported = code;
    this.#cancelTimer = this.#context.timers.after(this.#backoff.nextMs(), () => void this.#open());
  }

  get #name(): string {
    return portName(this.#settings);
  }
}

/** The registry's code for an error of serialport's `open`, which knows only messages. */
export function openFailure(error: Error): ErrorCode {
  if (/lock|busy|temporarily unavailable/i.test(error.message)) return 'SOURCE_PORT_BUSY';
  if (/permission|access denied/i.test(error.message)) return 'SOURCE_PORT_DENIED';
  if (/no such file|not found/i.test(error.message)) return 'SOURCE_PORT_MISSING';
  return 'SOURCE_PORT_FAILED';
}

function describeCause(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined;
}

/** Closes a port whatever its state; resolves when its descriptor is gone. */
function closePort(port: SerialPort): Promise<void> {
  port.removeAllListeners('data');
  return new Promise((resolve) => {
    if (!port.isOpen) {
      resolve();
      return;
    }
    port.close(() => resolve());
  });
}
