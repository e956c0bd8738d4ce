import type { Batch, SensorBlock, StreamLedger } from '../schema/index.ts';

/** Everything that a device's batches of one reading have in common, made once for all of them. */
export interface Outline extends Pick<Batch, 'device' | 'epoch' | 'bootId' | 'configVersion' | 'lane'> {
  /** A batch whose times count from a boot has to be placed first, and is none of these. */
  readonly clock: 'synced' | 'holdover';
  readonly sensor: string;
  readonly type: string;
  readonly quantity: string;
  readonly unit: string;
  /** `sensor/quantity`. */
  readonly stream: string;
  /** What `countReadings` answers for each of them; not to be changed. */
  readonly counts: ReadonlyMap<string, 1>;
}

/** How many numbers a batch of one reading has. */
export const oneReadingNumbers = 10;

/** Batches whose numbers share one array: a number of its own would be an object of its own. */
const batchesPerArray = 512;

/** Of all batches. */
const versionOf = 1;

let shared = new Float64Array(0);
let sharedUsed = 0;

/**
 * A batch of one reading, with the running totals of its stream and nothing else: ten numbers and an outline.
 * Devices that publish each reading by itself send these by the ten thousand a second; as objects of blocks, columns and
 * totals each would take a kilobyte, for as long as a store takes to write it. What `sensors` and `ledger` answer is made
 * when it is asked for.
 */
export class OneReadingBatch implements Batch, StreamLedger {
  readonly outline: Outline;
  readonly #numbers: Float64Array;
  readonly #at: number;

  /** `numbers`, which are copied: `seq`, `sentAt`, time and value of the reading, the totals in the order of `StreamLedger`. */
  constructor(outline: Outline, numbers: Float64Array) {
    if (sharedUsed === shared.length) {
      shared = new Float64Array(batchesPerArray * oneReadingNumbers);
      sharedUsed = 0;
    }
    this.outline = outline;
    this.#numbers = shared;
    this.#at = sharedUsed;
    for (let index = 0; index < oneReadingNumbers; index++) shared[sharedUsed + index] = numbers[index]!;
    sharedUsed += oneReadingNumbers;
  }

  get v(): 1 {
    return versionOf;
  }
  get seq(): number {
    return this.#numbers[this.#at]!;
  }
  get sentAt(): number {
    return this.#numbers[this.#at + 1]!;
  }
  /** Time of the reading, µs UTC. */
  get timeUs(): number {
    return this.#numbers[this.#at + 2]!;
  }
  get value(): number {
    return this.#numbers[this.#at + 3]!;
  }
  get taken(): number {
    return this.#numbers[this.#at + 4]!;
  }
  get filtered(): number {
    return this.#numbers[this.#at + 5]!;
  }
  get refused(): number {
    return this.#numbers[this.#at + 6]!;
  }
  get lost(): number {
    return this.#numbers[this.#at + 7]!;
  }
  get open(): number {
    return this.#numbers[this.#at + 8]!;
  }
  get batched(): number {
    return this.#numbers[this.#at + 9]!;
  }
  get device(): string {
    return this.outline.device;
  }
  get epoch(): string {
    return this.outline.epoch;
  }
  get bootId(): string {
    return this.outline.bootId;
  }
  get clock(): 'synced' | 'holdover' {
    return this.outline.clock;
  }
  get configVersion(): number {
    return this.outline.configVersion;
  }
  get lane(): Batch['lane'] {
    return this.outline.lane;
  }

  get sensors(): readonly SensorBlock[] {
    const { sensor, type, quantity, unit } = this.outline;
    const v = new Float64Array(1);
    const t = new Float64Array(1);
    t[0] = this.timeUs;
    v[0] = this.value;
    return [{ sensor, type, kind: 'readings', t, fields: { [quantity]: { unit, v } } }];
  }

  get ledger(): Readonly<Record<string, StreamLedger>> {
    return { [this.outline.stream]: this.totals };
  }

  /** The running totals of its stream. */
  get totals(): StreamLedger {
    const { taken, filtered, refused, lost, open, batched } = this;
    return { taken, filtered, refused, lost, open, batched };
  }
}

/** The outline of a batch that is one of these; undefined of any other. */
export function outlineOf(batch: Batch): Outline | undefined {
  const { device, epoch, bootId, clock, configVersion, lane, sensors, ledger, dropped, anchor } = batch;
  const [block, another] = sensors;
  if (clock === 'unset' || dropped || anchor || another || block?.kind !== 'readings') return undefined;
  const { sensor, type, t, fields } = block;
  const [quantity, second] = Object.keys(fields);
  const field = fields[quantity ?? ''];
  if (!field || second !== undefined || t.length !== 1 || Number.isNaN(field.v[0])) return undefined;
  if (block.extra !== undefined || field.q || quantity === undefined) return undefined;
  const stream = `${sensor}/${quantity}`;
  if (ledger[stream] === undefined || Object.keys(ledger).length !== 1) return undefined;
  const names = { sensor, type, quantity, unit: field.unit, stream, counts: new Map([[stream, 1 as const]]) };
  return { device, epoch, bootId, clock, configVersion, lane, ...names };
}
