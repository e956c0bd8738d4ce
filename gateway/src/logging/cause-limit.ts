import type { Clock } from '../clock.ts';

/** How long a burst lasts, and how many lines of one cause it holds. */
const burstUs = 10_000_000;
const linesPerBurstMax = 5;

/** Causes told apart in a burst. Beyond them all others share one. */
const causesMax = 1000;
const otherCauses = 'other';

/** Whether a line may be written, and how many of its cause were held back in its last burst. */
export type LogAdmission =
  { readonly admitted: true; readonly heldBack: number } | { readonly admitted: false };

interface Burst {
  startedAtUs: number;
  lines: number;
  heldBack: number;
}

/** Limits the lines of each cause: a disk that stays full is told of a few times a burst, not a thousand times. */
export class CauseLimit {
  readonly #clock: Clock;
  readonly #bursts = new Map<string, Burst>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a line of a cause. */
  admit(cause: string): LogAdmission {
    const nowUs = this.#clock.nowUs();
    const burst = this.#burstOf(cause, nowUs);
    // A clock that was set back ends the burst too.
    const isOver = nowUs - burst.startedAtUs >= burstUs || nowUs < burst.startedAtUs;
    const { heldBack } = burst;
    if (isOver) Object.assign(burst, { startedAtUs: nowUs, lines: 0, heldBack: 0 });
    if (burst.lines >= linesPerBurstMax) {
      burst.heldBack++;
      return { admitted: false };
    }
    burst.lines++;
    return { admitted: true, heldBack: isOver ? heldBack : 0 };
  }

  #burstOf(cause: string, nowUs: number): Burst {
    const known = this.#bursts.get(cause);
    if (known) return known;
    if (this.#bursts.size >= causesMax) this.#forgetOver(nowUs);
    const key = this.#bursts.size >= causesMax ? otherCauses : cause;
    const burst = this.#bursts.get(key) ?? { startedAtUs: nowUs, lines: 0, heldBack: 0 };
    this.#bursts.set(key, burst);
    return burst;
  }

  #forgetOver(nowUs: number): void {
    for (const [cause, { startedAtUs, heldBack }] of this.#bursts) {
      if (heldBack === 0 && nowUs - startedAtUs >= burstUs) this.#bursts.delete(cause);
    }
  }
}
