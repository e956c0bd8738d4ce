import { countReadings, FieldlineError, type Batch, type SensorBlock } from '@fieldline/protocol';
import { TimedPipeline } from '../aggregator/timed-pipeline.ts';
import type { SensorPipeline } from '../aggregator/sensor-pipeline.ts';
import type { Clock } from '../bindings/clock.ts';
import { ledgerDifferences, type Ledger } from '../ledger/ledger.ts';
import type { Logger } from '../logger.ts';
import { outboxFull, thinnedCounts, type Drops } from './choose-drops.ts';
import { MemoryLosses } from './memory-losses.ts';
import { RefusedBlocks } from './refused-blocks.ts';
import type { Outbox } from './outbox.ts';

/** Pipelines that one version of the configuration made: a batch holds those of one version. */
export interface Generation {
  readonly configVersion: number;
  readonly pipelines: readonly SensorPipeline[];
}

/** Where a sealer finds what waits to be sealed. */
export interface SealedSensors {
  /** Closes the windows that are due; all of them at the end (`last`). */
  close(nowUs: number, last: boolean): void;
  /** Every pipeline by the version that made it; the running version last, even if it has none. */
  generations(): readonly Generation[];
  /** The pipeline that a sensor's gaps go to. */
  pipeline(sensor: string): SensorPipeline | undefined;
}

/** What a sealer stands on. */
export interface SealerOptions {
  readonly device: string;
  readonly bootId: string;
  readonly sensors: SealedSensors;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Windows that were open when the run before was killed: the first batch carries them. */
  readonly restored?: readonly SensorBlock[];
  /** Whether the gateway can be reached now: decides on the lane that a batch is sealed for. */
  readonly isOnline: () => boolean;
}

/** Batches that one flush may seal: more than enough to empty full buffers, and an end of the loop. */
const batchesPerFlushMax = 64;

interface Draft {
  readonly batch: Batch;
  readonly open: readonly SensorBlock[];
  readonly drops: Drops | undefined;
}

/**
 * Makes batches of what the pipelines hold, and has the outbox seal them. A batch that could not be written
 * keeps its content and its seq for the next attempt; meanwhile readings wait in the pipelines.
 */
export class Sealer {
  readonly #options: SealerOptions;
  #unsealed: Draft | undefined;
  #restored: readonly SensorBlock[];
  /** Blocks with times since the boot that could be held no longer; one list a batch. */
  #unset: { readonly blocks: readonly SensorBlock[]; readonly configVersion: number }[] = [];
  /** Whether batches with such times have been sealed, and none yet that tells what times these are. */
  #owesAnchor: boolean;
  readonly #refused = new RefusedBlocks();
  readonly #losses: MemoryLosses;
  #lastLedger = '{}';
  #running: Promise<void> = Promise.resolve();
  #failing = false;
  #lostReported = 0;

  constructor(options: SealerOptions) {
    this.#options = options;
    this.#losses = new MemoryLosses(options.clock.nowUs());
    this.#restored = options.restored ?? [];
    const { lastBatch } = options.outbox.state;
    this.#owesAnchor = lastBatch?.clock === 'unset' && lastBatch.bootId === options.bootId;
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

  async #flushOnce(last: boolean): Promise<void> {
    const { sensors, clock, outbox } = this.#options;
    sensors.close(clock.nowUs(), last);
    this.#losses.look(this.#options.ledger, clock.nowUs());
    await this.#sealDraft();
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
    this.#unsealed = this.#draft(drops);
    for (let sealed = 0; this.#unsealed !== undefined && sealed < batchesPerFlushMax; sealed++) {
      await this.#sealDraft();
      this.#unsealed = this.#draft(undefined);
    }
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
    for (const { configVersion, pipelines } of this.#options.sensors.generations()) {
      for (const pipeline of pipelines) {
        const batches = pipeline instanceof TimedPipeline ? pipeline.takeUnset(last) : [];
        this.#unset.push(...batches.map((blocks) => ({ blocks, configVersion })));
      }
    }
    for (let next = this.#unset.shift(); next !== undefined; next = this.#unset.shift()) {
      this.#owesAnchor = true;
      this.#unsealed = this.#finishDraft(
        this.#toBatch(next.blocks, next.configVersion, undefined),
        undefined,
      );
      await this.#sealDraft();
    }
  }

  async #sealDraft(): Promise<void> {
    if (this.#unsealed === undefined) return;
    const { batch, drops, open } = this.#unsealed;
    await this.#options.outbox.seal(batch, drops, open);
    this.#unsealed = undefined;
    if (this.#failing) this.#reportRecovery();
    this.#failing = false;
  }

  /** The next batch, or undefined where there is nothing new to say. */
  #draft(drops: Drops | undefined): Draft | undefined {
    const { sensors: taken, configVersion } = this.#takeBlocks();
    const sensors = [...this.#restored, ...(drops?.blocks ?? []), ...taken];
    this.#restored = [];
    const anchor = this.#takeAnchor();
    const batch = this.#toBatch(sensors, configVersion, drops);
    return this.#finishDraft(anchor ? { ...batch, anchor } : batch, drops);
  }

  /** Completes a batch by its account; undefined where there is nothing new to say. */
  #finishDraft(batch: Batch, drops: Drops | undefined): Draft | undefined {
    const { ledger } = this.#options;
    for (const [name, count] of countReadings(batch)) ledger.stream(name).batched += count;
    // Thinned readings were counted when their first batch was sealed.
    for (const [name, count] of thinnedCounts(drops?.ranges)) ledger.stream(name).batched -= count;
    const totals = ledger.snapshot(this.#countOpen());
    const text = JSON.stringify(totals);
    const isNews = batch.sensors.length > 0 || batch.anchor !== undefined || drops !== undefined;
    if (!isNews && text === this.#lastLedger) return undefined;
    this.#lastLedger = text;
    this.#checkLedger(totals);
    return { batch: { ...batch, ledger: totals }, drops, open: this.#peekOpen() };
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

  /** What the oldest version that has something waiting has to say. */
  #takeBlocks(): { sensors: SensorBlock[]; configVersion: number } {
    let newest = 0;
    for (const { configVersion, pipelines } of this.#options.sensors.generations()) {
      const sensors = pipelines.flatMap((pipeline) => pipeline.take());
      if (sensors.length > 0) return { sensors, configVersion };
      newest = configVersion;
    }
    return { sensors: [], configVersion: newest };
  }

  #toBatch(sensors: readonly SensorBlock[], configVersion: number, drops: Drops | undefined): Batch {
    const { device, bootId, outbox, clock, isOnline } = this.#options;
    return {
      v: 1,
      device,
      epoch: outbox.state.epoch,
      seq: outbox.nextSeq,
      bootId,
      sentAt: clock.nowUs(),
      clock: clock.quality(),
      configVersion,
      lane: isOnline() ? 'live' : 'backlog',
      sensors,
      ...(drops && drops.ranges.length > 0 ? { dropped: drops.ranges } : {}),
      ledger: {},
    };
  }

  /** What is kept beside a batch, so that a crash does not lose it. */
  #peekOpen(): SensorBlock[] {
    const pipelines = this.#options.sensors.generations().flatMap((each) => each.pipelines);
    return [...this.#restored, ...pipelines.flatMap((pipeline) => pipeline.peek())];
  }

  #countOpen(): Map<string, number> {
    const open = new Map<string, number>();
    for (const { pipelines } of this.#options.sensors.generations()) {
      for (const pipeline of pipelines) pipeline.countOpen(open);
    }
    return open;
  }

  #noteGaps(drops: Drops): void {
    for (const [sensor, { fromUs, toUs }] of drops.gaps) {
      this.#options.sensors.pipeline(sensor)?.gap(fromUs, toUs, outboxFull);
    }
  }

  #checkLedger(totals: Batch['ledger']): void {
    const differences = ledgerDifferences(totals);
    if (differences.length === 0) return;
    const error = new FieldlineError('OUTBOX_LEDGER_DIFFERENCE', {
      subject: 'ledger',
      detail: differences.join('; '),
    });
    this.#options.logger.error({ code: error.code }, error.message);
  }

  /** After a time without a disk: what memory could not hold meanwhile. */
  #reportRecovery(): void {
    const { ledger, logger } = this.#options;
    logger.info({}, 'the outbox can be written again');
    const lost = ledger.countReason('memory-full') - this.#lostReported;
    if (lost === 0) return;
    this.#lostReported += lost;
    const error = new FieldlineError('OUTBOX_MEMORY_FULL', {
      subject: 'outbox',
      detail: `${lost} readings.`,
    });
    logger.error({ code: error.code, lost }, error.message);
  }

  /** Once a burst: the disk will fail at every flush until it is repaired. */
  #report(cause: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const error = new FieldlineError('OUTBOX_WRITE_FAILED', { subject: 'outbox', cause });
    this.#options.logger.error(
      { code: error.code, cause: cause instanceof Error ? cause.message : cause },
      error.message,
    );
  }
}
