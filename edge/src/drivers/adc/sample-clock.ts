/** Where a block of samples stands in time. */
export interface BlockTimes {
  /** Time of the first sample set, µs UTC (not rounded). */
  readonly firstUs: number;
  /** Sample sets that were never received, just before this block. */
  readonly missed: number;
  /** Where these were: from the last sample received to the first of this block, µs UTC. */
  readonly missedFromUs: number;
}

const counterModulus = 2 ** 32;
/** How fast the anchor follows a clock that runs slower than ours: a share of the lag each block. */
const followShare = 0.01;
/** A block that comes later than this after its predicted time was held up or renumbered: start afresh. */
const lagMaxUs = 1_000_000;
/** More missing than this is taken for a restart of the counter, in seconds of samples. */
const missedMaxSec = 3600;

/**
 * Gives times to samples that carry only a counter. A block cannot have been sampled after it arrived, so
 * arrival bounds its end from above: an early block moves the anchor back at once, late ones (delays of USB
 * and scheduling) pull it forward only slowly.
 */
export class SampleClock {
  /** Time of the sample set `#counter`, by the anchor. */
  #anchorUs = 0;
  /** The number that the next block should begin with. */
  #counter: number | undefined;
  #lastUs = Number.NEGATIVE_INFINITY;

  /** Places a block of `sets` sample sets that begins with number `counter` and arrived at `arrivedUs`. */
  place(block: { counter: number; sets: number; intervalNs: number }, arrivedUs: number): BlockTimes {
    const intervalUs = block.intervalNs / 1000;
    const spanUs = block.sets * intervalUs;
    const missed = this.#missedBefore(block.counter, intervalUs);
    const missedFromUs = this.#lastUs;
    const predictedUs = this.#anchorUs + (missed ?? 0) * intervalUs;
    const lagUs = arrivedUs - (predictedUs + spanUs);
    const isAnchored = missed !== undefined && Math.abs(lagUs) <= lagMaxUs;
    let firstUs = arrivedUs - spanUs;
    if (isAnchored) firstUs = predictedUs + (lagUs < 0 ? lagUs : lagUs * followShare);
    // Time never runs backwards within a stream.
    firstUs = Math.max(firstUs, this.#lastUs + Math.min(1, intervalUs));
    this.#anchorUs = firstUs + spanUs;
    this.#lastUs = firstUs + (block.sets - 1) * intervalUs;
    this.#counter = (block.counter + block.sets) % counterModulus;
    return { firstUs, missed: missed ?? 0, missedFromUs };
  }

  /** The next block starts afresh: the line was interrupted. */
  reset(): void {
    this.#counter = undefined;
  }

  /** Sample sets between the last block and this one; undefined at a start or restart of the counter. */
  #missedBefore(counter: number, intervalUs: number): number | undefined {
    if (this.#counter === undefined) return undefined;
    const missed = (counter - this.#counter + counterModulus) % counterModulus;
    return missed * intervalUs <= missedMaxSec * 1e6 ? missed : undefined;
  }
}
