import { execFile } from 'node:child_process';
import type { Logger } from '../logger.ts';

/** The variables that systemd gives a watched service (sd_watchdog_enabled(3)). */
export type WatchdogEnvironment = Readonly<Record<string, string | undefined>>;

/** Tells systemd something, such as `WATCHDOG=1`; calls back with an error where that fails. */
export type Notify = (message: string, done: (error: Error | null) => void) => void;

/** Several feeds must fit into the time that systemd allows, since one may come late. */
const feedsPerPeriod = 3;
/** A call of systemd-notify that takes longer is given up, in milliseconds. */
const notifyTimeoutMs = 5000;

/**
 * Feeds the watchdog of systemd, if the service has one. `progress` is called after each pass of the sampling
 * path, and tells systemd at most three times a period: where passes stop, so do the feeds, and systemd
 * starts the agent again. Node.js cannot open unix datagram sockets, so systemd's own program carries the
 * message; the unit needs `NotifyAccess=all`.
 */
export class Watchdog {
  readonly #intervalMs: number | undefined;
  readonly #notify: Notify;
  readonly #logger: Logger;
  #fedAtMs = Number.NEGATIVE_INFINITY;
  #running = false;
  #isFailing = false;

  constructor(about: { environment: WatchdogEnvironment; logger: Logger; notify?: Notify }) {
    this.#intervalMs = feedIntervalMs(about.environment);
    this.#logger = about.logger;
    this.#notify = about.notify ?? systemdNotify;
  }

  /** A pass has ended. `nowMs`: by a clock that is never set, such as `performance.now()`. */
  progress(nowMs: number): void {
    const due = this.#intervalMs !== undefined && nowMs - this.#fedAtMs >= this.#intervalMs;
    if (!due || this.#running) return;
    this.#fedAtMs = nowMs;
    this.#running = true;
    this.#notify('WATCHDOG=1', (error) => {
      this.#running = false;
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
  if (environment['NOTIFY_SOCKET'] === undefined || !(periodUs > 0)) return undefined;
  return periodUs / 1000 / feedsPerPeriod;
}

function systemdNotify(message: string, done: (error: Error | null) => void): void {
  execFile('systemd-notify', [message], { timeout: notifyTimeoutMs }, (error) => done(error));
}
