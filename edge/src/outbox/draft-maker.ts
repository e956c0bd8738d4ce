import { countReadings, FieldlineError, type Batch, type SensorBlock } from '@fieldline/protocol';
import type { SensorPipeline } from '../aggregator/sensor-pipeline.ts';
import type { Clock } from '../bindings/clock.ts';
import { ledgerDifferences, type Ledger } from '../ledger/ledger.ts';
import type { Logger } from '../logger.ts';
import { thinnedCounts, type Drops } from './choose-drops.ts';

/** Pipelines that one version of the configuration made: a batch holds those of one version. */
export interface Generation {
  readonly configVersion: number;
  readonly pipelines: readonly SensorPipeline[];
}

/** Where a sealer finds what waits to be sealed. */
export interface SealedSensors {
  /** Closes the windows that are due; all of them at the end (`last`). */
  close(nowUs: number, last: boolean): void;
  /** Ends what is open here and now: the other halves of open windows go into other batches. */
  cut(): void;
  /** Every pipeline by the version that made it; the running version last, even if it has none. */
  generations(): readonly Generation[];
  /** The pipeline that a sensor's gaps go to. */
  pipeline(sensor: string): SensorPipeline | undefined;
}

/** Where batches go, and under which names. */
export interface BatchNames {
  readonly epoch: string;
  readonly nextSeq: number;
}

/** What batches are made of. */
export interface DraftMakerOptions {
  readonly device: string;
  readonly bootId: string;
  readonly sensors: SealedSensors;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the gateway can be reached now: decides on the lane that a batch is sealed for. */
  readonly isOnline: () => boolean;
}

/** A batch that is not sealed yet. */
export interface Draft {
  readonly batch: Batch;
  /** What is open at its moment: kept beside it for a restart. */
  readonly open: readonly SensorBlock[];
  readonly drops: Drops | undefined;
}

/** What goes into one batch. */
export interface DraftContent {
  readonly blocks: readonly SensorBlock[];
  readonly configVersion: number;
  readonly drops?: Drops | undefined;
  readonly anchor?: Batch['anchor'];
  /** Content of later batches that no pipeline holds any more: open, as the account of this one sees it. */
  readonly behind?: readonly SensorBlock[];
  /** Windows of the run before that are not sealed again yet. */
  readonly restored?: readonly SensorBlock[];
  /** Makes a batch even if it has nothing new to say. */
  readonly always?: boolean;
}

/** Makes batches of what pipelines hold: named, numbered, with the account of their epoch. */
export class DraftMaker {
  readonly #options: DraftMakerOptions;
  /** The account that each epoch has told last. */
  readonly #told = new Map<string, string>();

  constructor(options: DraftMakerOptions) {
    this.#options = options;
  }

  /** Removes and returns what the oldest version that has something waiting has to say. */
  take(): { blocks: SensorBlock[]; configVersion: number } {
    let newest = 0;
    for (const { configVersion, pipelines } of this.#options.sensors.generations()) {
      const blocks = pipelines.flatMap((pipeline) => pipeline.take());
      if (blocks.length > 0) return { blocks, configVersion };
      newest = configVersion;
    }
    return { blocks: [], configVersion: newest };
  }

  /** Makes and counts a batch; undefined where it has nothing new to say. */
  make(names: BatchNames, content: DraftContent): Draft | undefined {
    const { ledger } = this.#options;
    const { drops, anchor, behind = [], restored = [], always = false } = content;
    const batch = this.#envelope(names, content);
    for (const [name, count] of countReadings(batch)) ledger.stream(name).batched += count;
    // Thinned readings were counted when their first batch was sealed.
    for (const [name, count] of thinnedCounts(drops?.ranges)) ledger.stream(name).batched -= count;
    const totals = ledger.snapshot(this.#countOpen(behind));
    const text = JSON.stringify(totals);
    const isNews = batch.sensors.length > 0 || anchor !== undefined || drops !== undefined || always;
    if (!isNews && text === (this.#told.get(names.epoch) ?? '{}')) return undefined;
    this.#told.set(names.epoch, text);
    this.#checkLedger(totals);
    return { batch: { ...batch, ledger: totals }, drops, open: this.#peekOpen([...restored, ...behind]) };
  }

  #envelope({ epoch, nextSeq }: BatchNames, { blocks, configVersion, drops, anchor }: DraftContent): Batch {
    const { device, bootId, clock, isOnline } = this.#options;
    return {
      v: 1,
      device,
      epoch,
      seq: nextSeq,
      bootId,
      sentAt: clock.nowUs(),
      clock: clock.quality(),
      configVersion,
      lane: isOnline() ? 'live' : 'backlog',
      sensors: blocks,
      ...(drops && drops.ranges.length > 0 ? { dropped: drops.ranges } : {}),
      ledger: {},
      ...(anchor ? { anchor } : {}),
    };
  }

  /** What is kept beside a batch, so that a crash does not lose it. */
  #peekOpen(others: readonly SensorBlock[]): SensorBlock[] {
    const pipelines = this.#options.sensors.generations().flatMap((each) => each.pipelines);
    return [...others, ...pipelines.flatMap((pipeline) => pipeline.peek())];
  }

  #countOpen(behind: readonly SensorBlock[]): Map<string, number> {
    const open = countReadings({ sensors: behind });
    for (const { pipelines } of this.#options.sensors.generations()) {
      for (const pipeline of pipelines) pipeline.countOpen(open);
    }
    return open;
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
}
