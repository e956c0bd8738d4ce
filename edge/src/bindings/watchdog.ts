import { execFile } from 'node:child_process';
import type { Logger } from '../logger.ts';

/** The variables that systemd gives a watched service (sd_watchdog_enabled(3)). */
export type WatchdogEnvironment = Readonly<Record<string, string | undefined>>;

/** Tells systemd something, such as `WATCHDOG=1`, or several things with a space between; calls back with an error where that fails. */
export type Notify = (message: string, done: (error: Error | null) => void) => void;

/** Several feeds must fit into the time that systemd allows, since one may come late. */
const feedsPerPeriod = 3;
/** A call of systemd-notify that takes longer is given up, in milliseconds: a busy device starts a program slowly. */
const notifyTimeoutMs = 15_000;

/**
 * Tells systemd that the agent has started, and feeds its watchdog, if the service has one. `progress` is called after
 * each pass of the sampling path: the first one ends the start (`READY=1` of sd_notify(3)), which may take longer than the
 * watchdog would wait; from then on systemd hears of passes at most three times a period, and where they stop, so do the feeds,
 * and it starts the agent again. Node.js cannot open unix datagram sockets, so systemd's own program
 * carries the message; the unit needs `NotifyAccess=all`.
 */
export class Watchdog {
  readonly #isHeard: boolean;
  readonly #intervalMs: number | undefined;
  readonly #notify: Notify;
  readonly #logger: Logger;
  #fedAtMs = Number.NEGATIVE_INFINITY;
  #running = false;
  #isReady = false;
  #isFailing = false;

  constructor(about: { environment: WatchdogEnvironment; logger: Logger; notify?: Notify }) {
    this.#isHeard = about.environment['NOTIFY_SOCKET'] !== undefined;
    this.#intervalMs = feedIntervalMs(about.environment);
    this.#logger = about.logger;
    this.#notify = about.notify ?? systemdNotify;
  }

  /** A pass has ended. `nowMs`: by a clock that is never set, such as `performance.now()`. */
  progress(nowMs: number): void {
    const isHungry = this.#intervalMs !== undefined && nowMs - this.#fedAtMs >= this.#intervalMs;
    const isDue = this.#isHeard && (isHungry || !this.#isReady);
    if (!isDue || this.#running) return;
    this.#fedAtMs = nowMs;
    this.#running = true;
    this.#notify(this.#isReady ? 'WATCHDOG=1' : 'READY=1 WATCHDOG=1', (error) => {
      this.#running = false;
      this.#isReady ||= error === null;
      if (error !== null && !this.#isFailing) {
        this.#logger.warn({ cause: error.message }, 'the watchdog of systemd cannot be fed');
      }
      this.#isFailing = error !== null;
    });
  }
}

/** How often to feed, in milliseconds; undefined where nobody watches. */
function feedIntervalMs(environment: WatchdogEnvironment): number | undefined {
  const periodUs = Number(environment['WATCHDOG_USEC']);
  return periodUs > 0 ? periodUs / 1000 / feedsPerPeriod : undefined;
}

function systemdNotify(message: string, done: (error: Error | null) => void): void {
  execFile('systemd-notify', message.split(' '), { timeout: notifyTimeoutMs }, (error) => done(error));
}
