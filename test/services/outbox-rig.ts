import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countReadings, decodeBatch, type Batch } from '@fieldline/protocol';
import { TimedPipeline } from '../../edge/src/aggregator/timed-pipeline.ts';
import { Ledger } from '../../edge/src/ledger/ledger.ts';
import { silentLogger } from '../../edge/src/logger.ts';
import type { BatchQueue } from '../../edge/src/outbox/batch-queue.ts';
import { declareRestart } from '../../edge/src/outbox/declare-restart.ts';
import { MemoryQueue } from '../../edge/src/outbox/memory-queue.ts';
import { Outbox, type OutboxOptions } from '../../edge/src/outbox/outbox.ts';
import { Sealer } from '../../edge/src/outbox/sealer.ts';
import { DeviceAccount } from '../../gateway/src/ledger/device-account.ts';

/** Seconds that a window of the rig lasts. */
export const windowSec = 10;
const secUs = 1_000_000;

/** What a rig of an outbox is made with. */
export interface OutboxRigOptions {
  readonly files?: OutboxOptions['files'];
  readonly memoryBytes?: number;
  /** The folder of the outbox; one of its own where it is left out. */
  readonly directory?: string;
}

interface Device {
  readonly outbox: Outbox;
  readonly memory: MemoryQueue;
  readonly ledger: Ledger;
  readonly sealer: Sealer;
  readonly pipelines: readonly TimedPipeline[];
}

/**
 * A device from the pipelines to the outbox, with a clock that the test moves and a gateway that keeps the account.
 * Each second gives one reading, carried raw by the sensor `air` and in windows by `soil`; the values of one window are distinct
 * powers of two, so that the sum of a window tells which readings it holds.
 */
export class OutboxRig {
  readonly emitted: { atUs: number; value: number }[] = [];
  /** Every batch that the gateway has, once. */
  readonly received: Batch[] = [];
  readonly account = new DeviceAccount();
  readonly alarms: boolean[] = [];
  nowUs = Date.UTC(2026, 5, 1) * 1000;
  isOnline = true;
  readonly #options: OutboxRigOptions;
  readonly #folder: string;
  readonly #names = new Set<string>();
  #directory: string;
  #device: Device | undefined;
  #kills = 0;
  #left: Outbox[] = [];

  static async start(options: OutboxRigOptions = {}): Promise<OutboxRig> {
    const folder = await mkdtemp(join(tmpdir(), 'fieldline-outbox-rig-'));
    const rig = new OutboxRig(folder, options);
    await rig.#boot();
    return rig;
  }

  private constructor(folder: string, options: OutboxRigOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#directory = options.directory ?? join(folder, 'outbox');
  }

  get device(): Device {
    if (!this.#device) throw new Error('the rig has not been started');
    return this.#device;
  }

  /** A second passes, and both sensors are read. */
  passSecond(): void {
    this.nowUs += secUs;
    const value = 2 ** (Math.floor(this.nowUs / secUs) % windowSec);
    this.emitted.push({ atUs: this.nowUs, value });
    for (const pipeline of this.device.pipelines) {
      pipeline.emit(Float64Array.of(this.nowUs), [Float64Array.of(value)]);
    }
  }

  /** Sends what waits, and lets the gateway have it; some acknowledgements get lost. */
  async send(batchesMax: number, acknowledge: (index: number) => boolean = () => true): Promise<void> {
    const { outbox, memory } = this.device;
    let sent = 0;
    for (const queue of [memory, outbox] satisfies BatchQueue[]) {
      for (let next = queue.firstWaiting; sent < batchesMax; sent++) {
        const batch = await queue.nextWaiting(next, Number.POSITIVE_INFINITY);
        if (batch === undefined) break;
        next = batch.offset + 1;
        if (!queue.claim(batch.offset)) continue;
        this.#receive(batch.payload);
        if (acknowledge(sent)) queue.acknowledge(batch.offset);
      }
      queue.release();
    }
  }

  /** Everything in memory is gone; what is on the disk is as it was. */
  async kill(): Promise<void> {
    const copy = join(this.#folder, `after-${++this.#kills}`);
    await cp(this.#directory, copy, { recursive: true, filter: (name) => !name.includes('lock') });
    this.#left.push(this.device.outbox);
    this.#directory = copy;
    await this.#boot();
  }

  /** Stops in order, and sends all that is left. */
  async finish(): Promise<void> {
    await this.device.sealer.finish();
    await this.send(Number.POSITIVE_INFINITY);
  }

  async end(): Promise<void> {
    for (const outbox of [...this.#left, this.device.outbox]) await outbox.close();
    await rm(this.#folder, { recursive: true });
  }

  #receive(payload: Uint8Array): void {
    const decoded = decodeBatch(payload);
    if (!decoded.ok) throw new Error(decoded.refusal.detail);
    const batch = decoded.value;
    const name = `${batch.epoch}/${batch.seq}`;
    const known = this.received.find((each) => each.epoch === batch.epoch && each.seq === batch.seq);
    if (known && JSON.stringify(known) !== JSON.stringify(batch)) throw new Error(`two batches ${name}`);
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.received.push(batch);
    const { epoch, seq, sentAt, ledger, dropped = [] } = batch;
    const counts = countReadings(batch);
    this.account.record(epoch, { seq, sentAtUs: sentAt, counts, ledger, dropped });
  }

  async #boot(): Promise<void> {
    const clock = { nowUs: () => this.nowUs, quality: () => 'synced' as const };
    const logger = silentLogger;
    const { files, memoryBytes = 1e6 } = this.#options;
    const limits = { maxBytes: 1e9, maxAgeUs: 1e15 };
    const directory = this.#directory;
    const outbox = await Outbox.open({ directory, ...limits, clock, logger, ...(files && { files }) });
    const memory = new MemoryQueue(memoryBytes);
    const ledger = new Ledger();
    const pipelines = this.#pipelines(ledger, clock);
    const byName = new Map(pipelines.map((each, index) => [index === 0 ? 'air' : 'soil', each]));
    const restored = declareRestart({
      outbox,
      ledger,
      pipelines: byName,
      bootId: 'boot',
      nowUs: this.nowUs,
    });
    const sensors = {
      close: (atUs: number, last: boolean) =>
        pipelines.forEach((each) => (last ? each.closeAll(atUs) : each.closeDue(atUs))),
      cut: () => pipelines.forEach((each) => each.cut()),
      generations: () => [{ configVersion: 0, pipelines }],
      pipeline: (sensor: string) => byName.get(sensor),
    };
    const about = { device: 'a-1', bootId: 'boot', sensors, ledger, outbox, memory, clock, logger, restored };
    const alarm = (isFailing: boolean): void => void this.alarms.push(isFailing);
    const sealer = new Sealer({ ...about, isOnline: () => this.isOnline, alarm });
    this.#device = { outbox, memory, ledger, sealer, pipelines };
  }

  #pipelines(ledger: Ledger, clock: { nowUs(): number; quality(): 'synced' }): TimedPipeline[] {
    const shared = { type: 't', latenessUs: 0, startedAtUs: this.nowUs, ledger };
    const stream = { quantity: 'temperature', unit: 'Cel', sketch: false };
    const windowUs = windowSec * secUs;
    const raw = [{ ...stream, window: 'none', windowUs: 0 }];
    const windowed = [{ ...stream, window: '10s', windowUs }];
    return [
      new TimedPipeline({ sensor: 'air', streams: raw, ...shared }, clock),
      new TimedPipeline({ sensor: 'soil', streams: windowed, ...shared }, clock),
    ];
  }
}
