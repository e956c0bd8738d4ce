import { FieldlineError, type Batch, type SensorBlock } from '@fieldline/protocol';
import { TimedPipeline } from '../aggregator/timed-pipeline.ts';
import { outboxFull, type Drops } from './choose-drops.ts';
import { DiskOutage } from './disk-outage.ts';
import { DraftMaker, type Draft, type DraftContent, type DraftMakerOptions } from './draft-maker.ts';
import { MemoryLosses } from './memory-losses.ts';
import type { MemoryQueue } from './memory-queue.ts';
import { RefusedBlocks } from './refused-blocks.ts';
import type { Outbox } from './outbox.ts';

/** What a sealer stands on. */
export interface SealerOptions extends DraftMakerOptions {
  readonly outbox: Outbox;
  /** Takes batches while the outbox cannot be written. */
  readonly memory: MemoryQueue;
  /** Windows that were open when the run before was killed: the first batch carries them. */
  readonly restored?: readonly SensorBlock[];
  /**
   * How long readings wait in memory for the device to know the time, in microseconds; without end unless told. Later
   * ones are sealed at every flush, with times since the boot.
   */
  readonly unsetHoldUs?: number;
  /** The outbox cannot be written any more, or can be again. */
  readonly alarm?: (isFailing: boolean) => void;
}

/** Batches that one flush may seal: more than enough to empty full buffers, and an end of the loop. */
const batchesPerFlushMax = 64;

/**
 * Has the outbox seal what the pipelines hold. While the disk fails, batches are sealed in memory, up to its
 * limit; beyond it readings wait in the pipelines, and are lost and counted when those are full.
 */
export class Sealer {
  readonly #options: SealerOptions;
  readonly #maker: DraftMaker;
  readonly #outage: DiskOutage;
  #unsealed: Draft | undefined;
  #restored: readonly SensorBlock[];
  /** Blocks with times since the boot that could be held no longer; one list a batch. */
  #unset: DraftContent[] = [];
  /** Whether batches with such times have been sealed, and none yet that tells what times these are. */
  #owesAnchor: boolean;
  /** When the first flush without knowing the time was, microseconds since the boot. */
  #unsetSinceUs: number | undefined;
  readonly #refused = new RefusedBlocks();
  readonly #losses: MemoryLosses;
  #running: Promise<void> = Promise.resolve();
  #lostReported = 0;

  constructor(options: SealerOptions) {
    this.#options = options;
    this.#maker = new DraftMaker(options);
    this.#outage = new DiskOutage({ ...options, maker: this.#maker });
    this.#losses = new MemoryLosses(options.clock.nowUs());
    this.#restored = options.restored ?? [];
    const { lastBatch } = options.outbox.state;
    this.#owesAnchor = lastBatch?.clock === 'unset' && lastBatch.bootId === options.bootId;
    if (options.outbox.isUnwritable) this.#beginOutage();
  }

  /** Closes what is due and seals what waits. Flushes run one after the other; failures are logged, not thrown. */
  flush(): Promise<void> {
    this.#running = this.#running
      .then(() => this.#flushOnce(false))
      .catch((cause: unknown) => this.#report(cause));
    return this.#running;
  }

  /** The last flush: windows that have not ended are closed as partial. */
  finish(): Promise<void> {
    this.#running = this.#running
      .then(() => this.#flushOnce(true))
      .catch((cause: unknown) => this.#report(cause));
    return this.#running;
  }

  /** Counters for the command `stats`. */
  counters(): { isDiskFailing: boolean; outages: number } {
    return { isDiskFailing: this.#outage.isOn, outages: this.#outage.count };
  }

  async #flushOnce(last: boolean): Promise<void> {
    const { sensors, clock, ledger } = this.#options;
    sensors.close(clock.nowUs(), last);
    this.#losses.look(ledger, clock.nowUs());
    if (this.#outage.isOn) await this.#tryDisk();
    if (!this.#outage.isOn) await this.#flushToDisk(last);
    if (this.#outage.isOn) this.#flushToMemory(last);
  }

  /** Goes on durably where the disk takes what was left; else the outage goes on. */
  async #tryDisk(): Promise<void> {
    try {
      await this.#outage.tryToEnd();
    } catch {
      // Reported when it began; it is tried again at the next flush.
      return;
    }
    this.#reportRecovery();
  }

  async #flushToDisk(last: boolean): Promise<void> {
    try {
      await this.#outage.handOver();
      await this.#sealAll(last);
    } catch (cause) {
      this.#report(cause);
      this.#beginOutage();
    }
  }

  #beginOutage(): void {
    this.#outage.begin(this.#unsealed, this.#restored);
    this.#unsealed = undefined;
    this.#options.alarm?.(true);
  }

  async #sealAll(last: boolean): Promise<void> {
    const { sensors, clock, outbox } = this.#options;
    this.#losses.declare(sensors);
    if (clock.quality() === 'unset') {
      await this.#sealUnset(last);
      return;
    }
    const drops = await outbox.overLimit();
    if (drops) this.#noteGaps(drops);
    if (outbox.isClosed && drops === undefined) {
      this.#refuseNewest();
      return;
    }
    this.#refused.declare(sensors);
    // A draft is made only where it is sealed next: one that waited for another flush would be counted and lost.
    for (let sealed = 0; sealed < batchesPerFlushMax; sealed++) {
      this.#unsealed = this.#draft(sealed === 0 ? drops : undefined);
      if (this.#unsealed === undefined) return;
      await this.#sealDraft();
    }
  }

  #flushToMemory(last: boolean): void {
    const { sensors, clock, memory } = this.#options;
    if (clock.quality() === 'unset') {
      this.#collectUnset(last);
      for (const content of this.#unset) this.#outage.sealContent(content);
      this.#unset = [];
      return;
    }
    if (memory.isFull && !last) return;
    this.#losses.declare(sensors);
    this.#outage.seal(last, this.#takeAnchor());
  }

  /** The outbox keeps what it has: what is new is lost, and declared once there is room again. */
  #refuseNewest(): void {
    const { sensors, ledger } = this.#options;
    for (const { pipelines } of sensors.generations()) {
      for (const pipeline of pipelines) this.#refused.refuse(pipeline.take(), ledger);
    }
  }

  /** Batches wait until the time is known. What cannot wait is sealed with the times of this boot. */
  async #sealUnset(last: boolean): Promise<void> {
    this.#collectUnset(last);
    const restored = this.#restored;
    for (let next = this.#unset.shift(); next !== undefined; next = this.#unset.shift()) {
      const behind = this.#unset.flatMap(({ blocks }) => blocks);
      this.#unsealed = this.#maker.make(this.#names(), { ...next, restored, behind });
      await this.#sealDraft();
    }
  }

  #collectUnset(last: boolean): void {
    const nowUs = this.#options.clock.nowUs();
    this.#unsetSinceUs ??= nowUs;
    const all = last || nowUs - this.#unsetSinceUs >= (this.#options.unsetHoldUs ?? Number.POSITIVE_INFINITY);
    for (const { configVersion, pipelines } of this.#options.sensors.generations()) {
      for (const pipeline of pipelines) {
        const batches = pipeline instanceof TimedPipeline ? pipeline.takeUnset(all) : [];
        this.#unset.push(...batches.map((blocks) => ({ blocks, configVersion })));
      }
    }
    if (this.#unset.length > 0) this.#owesAnchor = true;
  }

  async #sealDraft(): Promise<void> {
    if (this.#unsealed === undefined) return;
    const { batch, drops, open } = this.#unsealed;
    await this.#options.outbox.seal(batch, drops, open);
    this.#unsealed = undefined;
  }

  /** The next batch, or undefined where there is nothing new to say. */
  #draft(drops: Drops | undefined): Draft | undefined {
    const { blocks, configVersion } = this.#maker.take();
    const all = [...this.#restored, ...(drops?.blocks ?? []), ...blocks];
    this.#restored = [];
    return this.#maker.make(this.#names(), {
      ...{ blocks: all, configVersion, drops },
      anchor: this.#takeAnchor(),
    });
  }

  #names(): { epoch: string; nextSeq: number } {
    const { outbox } = this.#options;
    return { epoch: outbox.state.epoch, nextSeq: outbox.nextSeq };
  }

  /** Places the batches that this boot has sealed before it knew the time. */
  #takeAnchor(): Batch['anchor'] {
    const { clock, bootId } = this.#options;
    const wallUs = clock.nowUs();
    const offsetUs = clock.base?.offsetUs;
    if (!this.#owesAnchor || offsetUs === undefined) return undefined;
    this.#owesAnchor = false;
    return { bootId, monotonicUs: Math.round(wallUs - offsetUs), wallUs };
  }

  #noteGaps(drops: Drops): void {
    for (const [sensor, { fromUs, toUs }] of drops.gaps) {
      this.#options.sensors.pipeline(sensor)?.gap(fromUs, toUs, outboxFull);
    }
  }

  /** After a time without a disk: what memory could not hold meanwhile. */
  #reportRecovery(): void {
    const { ledger, logger, alarm } = this.#options;
    logger.info({}, 'the outbox can be written again');
    alarm?.(false);
    const lost = ledger.countReason('memory-full') - this.#lostReported;
    if (lost === 0) return;
    this.#lostReported += lost;
    const error = new FieldlineError('OUTBOX_MEMORY_FULL', {
      subject: 'outbox',
      detail: `${lost} readings.`,
    });
    logger.error({ code: error.code, lost }, error.message);
  }

  /** Once an outage: the disk will fail at every flush until it is repaired. */
  #report(cause: unknown): void {
    const error = new FieldlineError('OUTBOX_WRITE_FAILED', { subject: 'outbox', cause });
    this.#options.logger.error(
      { code: error.code, cause: cause instanceof Error ? cause.message : cause },
      error.message,
    );
  }
}
