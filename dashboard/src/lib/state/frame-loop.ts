/** Is told the time of a display frame, in µs of the gateway's clock. */
export type FrameListener = (nowUs: number) => void;

/** One loop of display frames for all that moves: every chart sees the same time in the same frame. */
export class FrameLoop {
  readonly #now: () => number;
  readonly #listeners = new Set<FrameListener>();
  #handle = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Calls `listener` on every frame while the page is visible, until the returned function is called. */
  add(listener: FrameListener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#handle = requestAnimationFrame(this.#frame);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) cancelAnimationFrame(this.#handle);
    };
  }

  readonly #frame = (): void => {
    const nowUs = this.#now();
    for (const listener of this.#listeners) listener(nowUs);
    if (this.#listeners.size > 0) this.#handle = requestAnimationFrame(this.#frame);
  };
}
