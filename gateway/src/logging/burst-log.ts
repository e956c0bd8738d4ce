import { errorEntry, type ErrorCode } from '@fieldline/protocol';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';

/** One line a code and subject in this time; what was held back is told in the next one. */
const burstUs = 10_000_000;

/** Subjects remembered at a time: a flood of different names must not grow this table. */
const subjectsMax = 1000;

interface Burst {
  startedAtUs: number;
  heldBack: number;
}

/**
 * Reports what peers do wrong: a line that names the thing, what happened and the remedy, at most once a
 * burst for each code and subject. Every call is counted by its caller; this limits only the log.
 */
export class BurstLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #bursts = new Map<string, Burst>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** `subject`: a device, an address, a topic. `level`: `error` for what an operator must act on. */
  report(code: ErrorCode, subject: string, detail = '', level: 'warn' | 'error' = 'warn'): void {
    const burst = this.#burst(`${code} ${subject}`);
    if (!burst) return;
    const { title, remedy } = errorEntry(code);
    const heldBack = burst.heldBack > 0 ? { heldBack: burst.heldBack } : {};
    this.#logger[level]({ code, subject, ...heldBack }, [`${subject}: ${title}`, detail, remedy].join(' '));
    burst.heldBack = 0;
  }

  /** The burst to report now; undefined while the last report is fresh. */
  #burst(key: string): Burst | undefined {
    const nowUs = this.#clock.nowUs();
    const known = this.#bursts.get(key);
    if (known && nowUs - known.startedAtUs < burstUs) {
      known.heldBack += 1;
      return undefined;
    }
    const burst = { startedAtUs: nowUs, heldBack: known?.heldBack ?? 0 };
    this.#bursts.delete(key);
    this.#bursts.set(key, burst);
    if (this.#bursts.size > subjectsMax) {
      const oldest = this.#bursts.keys().next();
      if (!oldest.done) this.#bursts.delete(oldest.value);
    }
    return burst;
  }
}
