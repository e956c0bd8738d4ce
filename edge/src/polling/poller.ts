import type { Clock } from '../bindings/clock.ts';
import type { Timers } from '../bindings/timers.ts';

/** When an instrument is asked. */
export interface PollPlan {
  /** From one question to the next, in milliseconds. */
  readonly intervalMs: number;
  /** Ask at whole multiples of the interval since the epoch; otherwise at once, and each interval from then on. */
  readonly aligned: boolean;
  /** A question that takes longer counts as hanging: its signal aborts. In milliseconds. */
  readonly deadlineMs: number;
}

/** Asks the instrument once and hands over what it says. Rejects where there is no answer. */
export type Poll = (signal: AbortSignal) => Promise<void>;

/** What became of the questions, for the command `stats`. */
export interface PollCounters {
  answered: number;
  failed: number;
  /** Questions that were due while the one before was still under way: they were not asked. */
  overrun: number;
  hung: number;
}

/** What a poller tells its owner; each of the first two at the beginning of a series only. */
export interface PollEvents {
  failed(cause: unknown): void;
  hung(): void;
  /** An answer came again: nothing between these times (µs UTC), because. */
  gap(fromUs: number, toUs: number, reason: string): void;
}

/**
 * Timers of the runtime fire up to a millisecond early; a reading stamped then would fall into the window before.
 * What is further off than this is a clock that was set back.
 */
const earlyMaxMs = 5;
/** How long `stop` waits for a question that is under way, in milliseconds. */
export const stopWaitMs = 1000;

/**
 * Asks an instrument again and again, never twice at once. A question that hangs is aborted and waited for,
 * since a read that the kernel holds cannot be ended and must not be heaped up.
 */
export class Poller {
  readonly counters: PollCounters = { answered: 0, failed: 0, overrun: 0, hung: 0 };
  readonly #plan: PollPlan;
  readonly #poll: Poll;
  readonly #events: PollEvents;
  readonly #clock: Clock;
  readonly #timers: Timers;
  #cancelNext: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #abort: AbortController | undefined;
  #lastAnswerUs: number | undefined;
  #outage: 'poll-failed' | 'poll-hung' | undefined;
  #stopped = false;

  constructor(about: { plan: PollPlan; poll: Poll; events: PollEvents; clock: Clock; timers: Timers }) {
    this.#plan = about.plan;
    this.#poll = about.poll;
    this.#events = about.events;
    this.#clock = about.clock;
    this.#timers = about.timers;
    this.#start();
  }

  /** Asks no more; waits for a question that is under way, at most `stopWaitMs`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelNext?.();
    this.#abort?.abort();
    if (this.#running === undefined) return;
    let cancel = (): void => undefined;
    const waited = new Promise<void>((resolve) => {
      cancel = this.#timers.after(stopWaitMs, resolve);
    });
    await Promise.race([this.#running, waited]);
    cancel();
  }

  #start(): void {
    const { aligned, intervalMs } = this.#plan;
    if (aligned) {
      this.#waitForMultiple();
      return;
    }
    const cancelFirst = this.#timers.after(0, () => this.#due());
    const cancelRest = this.#timers.every(intervalMs, () => this.#due());
    this.#cancelNext = () => {
      cancelFirst();
      cancelRest();
    };
  }

  /** Reckoned anew each time, so that a clock that is set takes the questions with it. */
  #waitForMultiple(): void {
    const { intervalMs } = this.#plan;
    this.#waitUntil((Math.floor(this.#nowMs() / intervalMs) + 1) * intervalMs);
  }

  #waitUntil(dueMs: number): void {
    this.#cancelNext = this.#timers.after(Math.ceil(dueMs - this.#nowMs()), () => {
      const remainingMs = dueMs - this.#nowMs();
      if (remainingMs > 0 && remainingMs <= earlyMaxMs) {
        this.#waitUntil(dueMs);
        return;
      }
      this.#waitForMultiple();
      this.#due();
    });
  }

  #nowMs(): number {
    return this.#clock.nowUs() / 1000;
  }

  #due(): void {
    if (this.#stopped) return;
    if (this.#running !== undefined) {
      this.counters.overrun += 1;
      return;
    }
    this.#running = this.#ask().finally(() => (this.#running = undefined));
  }

  async #ask(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    const cancelDeadline = this.#timers.after(this.#plan.deadlineMs, () => {
      this.#hung();
      abort.abort();
    });
    try {
      await this.#poll(abort.signal);
      this.#answered();
    } catch (cause) {
      if (!abort.signal.aborted) this.#failed(cause);
    } finally {
      cancelDeadline();
    }
  }

  #answered(): void {
    const nowUs = this.#clock.nowUs();
    this.counters.answered += 1;
    if (this.#outage !== undefined && this.#lastAnswerUs !== undefined) {
      this.#events.gap(this.#lastAnswerUs, nowUs, this.#outage);
    }
    this.#outage = undefined;
    this.#lastAnswerUs = nowUs;
  }

  #failed(cause: unknown): void {
    this.counters.failed += 1;
    if (this.#outage === undefined) this.#events.failed(cause);
    this.#outage ??= 'poll-failed';
  }

  #hung(): void {
    this.counters.hung += 1;
    if (this.#outage !== 'poll-hung') this.#events.hung();
    this.#outage = 'poll-hung';
  }
}
