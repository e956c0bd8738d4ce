import type { Columns } from '../drivers/driver.ts';
import { nonFinite } from './non-finite.ts';
import type { Block, BoundTransform, Counts, HeldReading, Transform } from './transform.ts';

/** What a chain stands on. */
export interface TransformChainOptions {
  readonly configured: readonly BoundTransform[];
  readonly counts: Counts;
  /** The place of a quantity in the driver's blocks. */
  columnOf(quantity: string): number | undefined;
  /** Takes a reading of an earlier block that was held back, as a block of one row, used during the call only. */
  release(block: Block): void;
}

/** The transforms of one stream, in the order of its configuration. */
export class TransformChain {
  /** Whether readings may come out with a lesser quality than good. */
  readonly marks: boolean;
  readonly #counts: Counts;
  readonly #stages: readonly Transform[];
  readonly #release: (block: Block) => void;
  /** A block of one row for each stage that holds readings. */
  readonly #single: readonly (Block | undefined)[];
  #quality = new Uint8Array(0);

  constructor(options: TransformChainOptions) {
    const { configured, counts } = options;
    this.marks = configured.some(({ marks }) => marks);
    this.#counts = counts;
    this.#release = (block) => options.release(block);
    this.#stages = [nonFinite, ...configured.map((each) => each.create(options))];
    this.#single = this.#stages.map(({ holding }) =>
      holding ? { t: new Float64Array(1), v: new Float64Array(1), q: new Uint8Array(1) } : undefined,
    );
  }

  /** Readings that stages hold back now. */
  get held(): number {
    let held = 0;
    for (const { holding } of this.#stages) held += holding?.held ?? 0;
    return held;
  }

  /** Shows the driver's block to the stages before any stream has changed it. */
  prepare(t: Float64Array, columns: Columns): void {
    for (const stage of this.#stages) stage.prepare?.(t, columns);
  }

  /**
   * Runs a block through all stages, in place; `quality`: of all its readings before. The qualities that it answers are
   * valid until the next call; there are none where all are good and no stage marks.
   */
  run(t: Float64Array, v: Float64Array, quality = 0): Uint8Array | undefined {
    if (!this.marks && quality === 0) {
      this.#runFrom(0, { t, v });
      return undefined;
    }
    if (this.#quality.length < v.length) this.#quality = new Uint8Array(v.length);
    const q = this.#quality.subarray(0, v.length).fill(quality);
    this.#runFrom(0, { t, v, q });
    return q;
  }

  /** Lets go the readings that were held long enough at this time (µs UTC); at `Infinity` all. */
  releaseDue(nowUs: number): void {
    this.#stages.forEach(({ holding }, index) => {
      const reading = holding?.releaseDue(nowUs);
      if (reading) this.#runReleased(index, reading);
    });
  }

  /** The source was interrupted: lets go what is held, and lets the stages forget what they remember. */
  reset(): void {
    this.releaseDue(Number.POSITIVE_INFINITY);
    for (const stage of this.#stages) stage.reset?.();
  }

  #runFrom(first: number, block: Block): void {
    for (let index = first; index < this.#stages.length; index++) {
      const stage = this.#stages[index]!;
      stage.apply(block, this.#counts);
      const released = stage.holding?.takeReleased();
      if (released) this.#runReleased(index, released);
    }
  }

  /** Takes a reading through the stages after the one that held it, ahead of the block that let it go. */
  #runReleased(holder: number, { tUs, value, quality }: HeldReading): void {
    const block = this.#single[holder];
    if (block === undefined) return;
    block.t[0] = tUs;
    block.v[0] = value;
    block.q?.fill(quality);
    this.#runFrom(holder + 1, block);
    if (!Number.isNaN(block.v[0])) this.#release(block);
  }
}
