/** Times of a frame that are kept. */
const samplesMax = 100;

/** Some of many times, evenly taken in the order in which they come: all of the first hundred, at least fifty of more. */
export class TimeSamples {
  readonly #times = new Float64Array(samplesMax);
  #length = 0;
  /** One in so many is kept. */
  #every = 1;
  /** Until the next one that is. */
  #wait = 1;

  take(timeUs: number): void {
    if (--this.#wait > 0) return;
    this.#wait = this.#every;
    if (this.#length === samplesMax) this.#halve();
    this.#times[this.#length++] = timeUs;
  }

  /** What was kept, µs; a copy. */
  get kept(): Float64Array {
    return this.#times.slice(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    this.#every = 1;
    this.#wait = 1;
  }

  /** Keeps every second one. The one that is being taken follows the last of them at the new distance. */
  #halve(): void {
    this.#length /= 2;
    for (let index = 0; index < this.#length; index++) this.#times[index] = this.#times[2 * index]!;
    this.#every *= 2;
    this.#wait = this.#every;
  }
}
