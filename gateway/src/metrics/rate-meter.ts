/** Length of one slot, and how many complete slots a rate is taken over. */
const slotMs = 1000;
const slots = 10;

/** Events a second over the last ten complete seconds; constant memory. */
export class RateMeter {
  readonly #now: () => number;
  readonly #counts = new Float64Array(slots + 1);
  #slot = 0;
  #startedSlot: number;
  /** All events ever counted. */
  total = 0;

  /** `now` answers milliseconds of any steadily growing clock. */
  constructor(now: () => number) {
    this.#now = now;
    this.#slot = Math.floor(now() / slotMs);
    this.#startedSlot = this.#slot;
  }

  add(count: number): void {
    this.#advance();
    this.total += count;
    const index = this.#slot % (slots + 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + count;
  }

  /** Events a second; over less than ten seconds where the meter is younger. */
  perSec(): number {
    this.#advance();
    const current = this.#counts[this.#slot % (slots + 1)] ?? 0;
    const complete = Math.min(slots, this.#slot - this.#startedSlot);
    if (complete === 0) return current;
    const sum = this.#counts.reduce((a, b) => a + b, 0) - current;
    return sum / complete;
  }

  #advance(): void {
    const slot = Math.floor(this.#now() / slotMs);
    if (slot <= this.#slot) return;
    const steps = Math.min(slot - this.#slot, slots + 1);
    for (let step = 0; step < steps; step++) this.#counts[(slot - step) % (slots + 1)] = 0;
    this.#slot = slot;
  }
}
