/** Times that must agree before the first is believed, and before a small and a large step. */
const agreeingFirst = 3;
const agreeingSmallStep = 3;
const agreeingLargeStep = 10;
/** Times agree that lie within this of one another: sentences come later by what the receiver had to reckon. */
const agreementUs = 500_000;
/** Steps above this are large: a leap second is not. */
const largeStepUs = 1_500_000;
/** Corrections below this are the jitter of arrival. */
const jitterUs = 100_000;
/** Times that are remembered. */
const heardMax = 16;

/** GPS counts weeks in ten bits (IS-GPS-200, 20.3.3.3.1.1). */
const rolloverUs = 1024 * 7 * 86_400_000_000;
/** How far a time that fell back by a rollover may be from the one expected: clocks drift. */
const rolloverToleranceUs = 86_400_000_000;

/**
 * Says from the times that a receiver gives, with the monotonic times of their arrival, how far UTC is ahead of the
 * monotonic clock. Sentences arrive late, never early: the least late of those that agree counts. One time
 * that is wrong, however right its checksum, changes nothing; a week counter that falls back while it runs is seen through.
 */
export class ReceiverClock {
  #heard: number[] = [];
  #offsetUs: number | undefined;

  /** The time `utcUs` arrived at `monotonicUs`. Answers the offset as it is now; undefined as long as it is not known. */
  hear(utcUs: number, monotonicUs: number): number | undefined {
    const offsetUs = this.#unrolled(utcUs - monotonicUs);
    this.#heard = [...this.#heard, offsetUs].slice(-heardMax);
    const agreeing = this.#agreeing(offsetUs);
    const bestUs = Math.max(...agreeing);
    const current = this.#offsetUs;
    if (current === undefined) {
      if (agreeing.length >= agreeingFirst) this.#offsetUs = bestUs;
      return this.#offsetUs;
    }
    const stepUs = Math.abs(bestUs - current);
    const needed = stepUs > largeStepUs ? agreeingLargeStep : agreeingSmallStep;
    if (stepUs > jitterUs && agreeing.length >= needed) this.#offsetUs = bestUs;
    return this.#offsetUs;
  }

  /** The newest of those heard, back to the first that does not agree with the last. */
  #agreeing(offsetUs: number): number[] {
    const differs = this.#heard.findLastIndex((each) => Math.abs(each - offsetUs) > agreementUs);
    return this.#heard.slice(differs + 1);
  }

  /** Puts back the rollovers by which a time differs from what it should be. */
  #unrolled(offsetUs: number): number {
    const differenceUs = offsetUs - (this.#offsetUs ?? offsetUs);
    const rollovers = Math.round(differenceUs / rolloverUs);
    const restUs = Math.abs(differenceUs - rollovers * rolloverUs);
    return rollovers !== 0 && restUs < rolloverToleranceUs ? offsetUs - rollovers * rolloverUs : offsetUs;
  }
}
