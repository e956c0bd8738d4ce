import { errorEntry, type ErrorCode } from '@fieldline/protocol';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';

/** A subject is told once in this time; what was held back is told after it. */
const burstUs = 10_000_000;

/** Subjects told of one code in a burst: peers make names up. */
const subjectsPerBurstMax = 20;

interface Burst {
  readonly startedAtUs: number;
  readonly told: Set<string>;
  heldBack: number;
}

/**
 * Reports what peers do wrong: a line that names the thing, what happened and the remedy, at most once a
 * burst for each code and subject, and for few subjects. Every call is counted by its caller; this limits only the log.
 */
export class BurstLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #bursts = new Map<ErrorCode, Burst>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** `subject`: a device, an address, a topic. `level`: `error` for what an operator must act on. */
  report(code: ErrorCode, subject: string, detail = '', level: 'warn' | 'error' = 'warn'): void {
    const nowUs = this.#clock.nowUs();
    const known = this.#bursts.get(code);
    // A clock that was set back ends the burst too.
    const isOver = !known || nowUs - known.startedAtUs >= burstUs || nowUs < known.startedAtUs;
    const burst = isOver ? { startedAtUs: nowUs, told: new Set<string>(), heldBack: 0 } : known;
    this.#bursts.set(code, burst);
    if (burst.told.has(subject) || burst.told.size >= subjectsPerBurstMax) {
      burst.heldBack += 1;
      return;
    }
    burst.told.add(subject);
    const { title, remedy } = errorEntry(code);
    const heldBack = isOver && known && known.heldBack > 0 ? { heldBack: known.heldBack } : {};
    this.#logger[level](
      { code, subject, ...heldBack },
      [`${subject}: ${title}`, detail, remedy, `[${code}]`].filter(Boolean).join(' '),
    );
  }
}
