/** Three frames for each picture of a display with 60 Hz: who watches few streams waits for nothing that can be seen. */
const shortestMs = 5;
/** 20 a second, however many watch. */
const longestMs = 50;
/** Making and sending frames takes one part in so many of the time at most, between the two limits. */
const part = 10;
/** Of the mean cost, each frame is worth one part in so many: a single slow one changes little. */
const smoothing = 8;

/**
 * When the next display frame may go out: the more it costs to make and send one, the longer after the one before, so that
 * viewers never take much of the time that ingest needs. Times are of a monotonic clock, milliseconds.
 */
export class FramePace {
  #costMs = 0;
  #isRefused = false;
  #sentAtMs = Number.NEGATIVE_INFINITY;

  /** Time from one frame to the next. */
  get intervalMs(): number {
    if (this.#isRefused) return longestMs;
    return Math.min(longestMs, Math.max(shortestMs, this.#costMs * part));
  }

  /** How long the next frame has to wait yet. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#sentAtMs + this.intervalMs - nowMs);
  }

  /**
   * A frame was begun and sent; `isRefused`: nobody watches, or no viewer had room for what was in it for them. For those who
   * read nothing there is no hurry. A frame with nothing for those who watch says nothing of that.
   */
  sent(begunAtMs: number, endedAtMs: number, isRefused: boolean): void {
    this.#sentAtMs = begunAtMs;
    this.#isRefused = isRefused;
    this.#costMs += (endedAtMs - begunAtMs - this.#costMs) / smoothing;
  }
}
