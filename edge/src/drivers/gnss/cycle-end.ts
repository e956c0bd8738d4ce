/** Epochs that must end alike before the next one is closed at that sentence. */
const epochsToLearn = 3;

/**
 * Learns with which sentence a receiver ends its epochs, so that a fix can be given at once and not only when
 * the next epoch begins. Sentences are told apart by their key and by how often that came in the epoch.
 */
export class CycleEnd {
  #end = '';
  #alike = 0;

  /** A whole epoch has passed, up to this sentence. */
  observe(end: string): void {
    if (end === this.#end) {
      this.#alike = Math.min(epochsToLearn, this.#alike + 1);
      return;
    }
    this.#end = end;
    this.#alike = 1;
  }

  /** Whether this sentence ends the epoch, as far as is known. */
  isEnd(sentence: string): boolean {
    return this.#alike >= epochsToLearn && sentence === this.#end;
  }

  /** The epoch went on after what was taken for its end. */
  forget(): void {
    this.#alike = 0;
    this.#end = '';
  }
}
