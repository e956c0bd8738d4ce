import { randomBytes } from 'node:crypto';
import type { Batch, StreamLedger } from '@fieldline/protocol';
import type { Clock } from '../../clock.ts';
import type { MappedReading } from '../adapters/dialect.ts';
import type { Ingest, Settlement } from '../ingest.ts';
import { readingsToBlocks } from './readings-to-blocks.ts';

/** Readings of one batch: what comes while the one before is being made durable goes together. */
const readingsPerBatch = 5000;

/** The readings of one message. */
export interface Portion {
  readonly readings: readonly MappedReading[];
  readonly isHistorical: boolean;
}

interface Waiting extends Portion {
  readonly settle: (settlement: Settlement) => void;
}

/** What the writer stands on. */
export interface DeviceWriterParts {
  readonly ingest: Pick<Ingest, 'takeMade' | 'refusalOfMade'>;
  readonly clock: Clock;
}

/**
 * Makes batches for a device that makes none: numbered by the gateway in an epoch of this process, with the running
 * totals that an agent would send. They pass ingest, journal and account as any others. How many messages wait
 * is bounded by `limits.inFlightBatches`.
 */
export class DeviceWriter {
  readonly #device: string;
  readonly #parts: DeviceWriterParts;
  readonly #epoch = `gateway-${randomBytes(9).toString('base64url')}`;
  readonly #waiting: Waiting[] = [];
  #seq = 0;
  #totals = new Map<string, StreamLedger>();
  #isRunning = false;

  constructor(device: string, parts: DeviceWriterParts) {
    this.#device = device;
    this.#parts = parts;
  }

  /** Resolves once the readings of a message are durable, or refused. */
  write(portion: Portion): Promise<Settlement> {
    return new Promise((settle) => {
      this.#waiting.push({ ...portion, settle });
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Why these readings would be refused if they were written now; undefined where they would not be. */
  refusalOf(readings: readonly MappedReading[]): Settlement | undefined {
    const totals = addedUp(this.#totals, readings);
    return this.#parts.ingest.refusalOfMade(this.#batchOf(readings, totals, 'live'));
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) await this.#writeTogether(this.#next());
    this.#isRunning = false;
  }

  /** What waits, as far as it fits into one batch; of one lane. */
  #next(): Waiting[] {
    const [first] = this.#waiting;
    let count = 0;
    let readings = 0;
    for (const each of this.#waiting) {
      readings += each.readings.length;
      if (count > 0 && (readings > readingsPerBatch || each.isHistorical !== first?.isHistorical)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** Where a message among several is refused, each goes alone: it must not take the others with it. */
  async #writeTogether(portions: readonly Waiting[]): Promise<void> {
    const settlement = await this.#write(portions);
    const [only] = portions;
    if (settlement.outcome !== 'refused' || portions.length === 1 || !only) {
      for (const { settle } of portions) settle(settlement);
      return;
    }
    for (const each of portions) each.settle(await this.#write([each]));
  }

  async #write(portions: readonly Waiting[]): Promise<Settlement> {
    const readings = portions.flatMap((each) => each.readings);
    const totals = addedUp(this.#totals, readings);
    const lane = portions.every((each) => each.isHistorical) ? 'backlog' : 'live';
    const settlement = await this.#parts.ingest.takeMade(this.#batchOf(readings, totals, lane));
    if (settlement.outcome === 'stored') {
      this.#seq += 1;
      this.#totals = totals;
    }
    return settlement;
  }

  #batchOf(
    readings: readonly MappedReading[],
    totals: ReadonlyMap<string, StreamLedger>,
    lane: Batch['lane'],
  ): Batch {
    return {
      v: 1,
      device: this.#device,
      epoch: this.#epoch,
      seq: this.#seq + 1,
      bootId: this.#epoch,
      sentAt: this.#parts.clock.nowUs(),
      clock: 'synced',
      configVersion: 0,
      lane,
      sensors: readingsToBlocks(readings),
      ledger: Object.fromEntries(totals),
    };
  }
}

/** The running totals with these readings: what is no number was taken, and refused. */
function addedUp(
  before: ReadonlyMap<string, StreamLedger>,
  readings: readonly MappedReading[],
): Map<string, StreamLedger> {
  const totals = new Map(before);
  const none: StreamLedger = { taken: 0, filtered: 0, refused: 0, lost: 0, open: 0, batched: 0 };
  for (const { sensor, quantity, value } of readings) {
    const stream = `${sensor}/${quantity}`;
    const known = totals.get(stream) ?? none;
    const isNumber = value !== undefined;
    totals.set(stream, {
      ...known,
      taken: known.taken + 1,
      refused: known.refused + (isNumber ? 0 : 1),
      batched: known.batched + (isNumber ? 1 : 0),
    });
  }
  return totals;
}
