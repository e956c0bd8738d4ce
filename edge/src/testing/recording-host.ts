import { Buffer } from 'node:buffer';
import type { BoundDriver, ByteReceiver, Columns, DriverHost, RunningDriver } from '../drivers/driver.ts';
import type { SerialSettings } from '../bindings/serial-settings.ts';
import type { Poll, PollPlan } from '../polling/poller.ts';
import { ManualTime } from './manual-time.ts';

/** A host without ports and timers, which keeps what a driver tells it: for tests of a driver alone. */
export class RecordingHost implements DriverHost {
  readonly time = new ManualTime(Date.UTC(2026, 0, 1));
  readonly clock = this.time;
  readonly timers = this.time;
  /** One object a row: `{at: µs since the start of the test, quantity: value}`. */
  readonly rows: Record<string, number>[] = [];
  readonly discarded: Record<string, number> = {};
  readonly gaps: string[] = [];
  /** Why blocks were uncertain. */
  readonly doubts: string[] = [];
  /** Times that the source told, with those of the clock. */
  readonly told: [utcUs: number, atUs: number][] = [];
  serial: SerialSettings | undefined;
  pollPlan: PollPlan | undefined;
  readonly #quantities: readonly string[];
  readonly #driver: RunningDriver;
  #receiver: ByteReceiver | undefined;
  #poll: Poll | undefined;

  constructor(driver: BoundDriver) {
    this.#quantities = driver.plan.quantities.map(({ quantity }) => quantity);
    this.#driver = driver.start(this);
  }

  /** Lets the driver read these bytes, as from its line; `midway`: right after the opening. */
  feed(bytes: string | Uint8Array, midway = false): void {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.#receiver?.bytes(chunk, this.clock.nowUs(), midway);
  }

  /** Interrupts the line. */
  interrupt(): void {
    this.#receiver?.reset(this.clock.nowUs());
  }

  /** Asks the driver's instrument once; rejects as the poll does. */
  async ask(signal = new AbortController().signal): Promise<void> {
    await this.#poll?.(signal);
  }

  stop(): void {
    this.#driver.stop();
  }

  /** What the driver measured of its source. */
  figures(): object | undefined {
    return this.#driver.figures?.();
  }

  emit(t: Float64Array, columns: Columns, doubt?: string): void {
    if (doubt !== undefined) this.doubts.push(doubt);
    t.forEach((atUs, row) => {
      const values = this.#quantities.flatMap((quantity, column) => {
        const value = columns[column]?.[row];
        return value === undefined ? [] : [[quantity, value] as const];
      });
      this.rows.push({ at: atUs - Date.UTC(2026, 0, 1) * 1000, ...Object.fromEntries(values) });
    });
  }

  discard(reason: string): void {
    this.discarded[reason] = (this.discarded[reason] ?? 0) + 1;
  }

  gap(fromUs: number, toUs: number, reason: string): void {
    this.gaps.push(`${fromUs}…${toUs} ${reason}`);
  }

  tellTime(utcUs: number, atUs: number): void {
    this.told.push([utcUs, atUs]);
  }

  openSerial(settings: SerialSettings, receiver: ByteReceiver): void {
    this.serial = settings;
    this.#receiver = receiver;
  }

  poll(plan: PollPlan, poll: Poll): void {
    this.pollPlan = plan;
    this.#poll = poll;
  }
}
