import type { Clock } from '../clock.ts';

/** What is counted for one key. */
interface Attempts {
  count: number;
  readonly sinceUs: number;
}

/** How often something may be tried. */
export interface AttemptLimits {
  /** Attempts of one key in one window. */
  readonly attempts: number;
  readonly windowUs: number;
  /** Keys remembered; beyond it the oldest window is forgotten. */
  readonly keys: number;
}

/**
 * Counts attempts by key in windows that begin with the first of them. An attempt counts before it is judged, so
 * that many at once get no further than one after another; one that was right is given back.
 */
export class AttemptLimit {
  readonly #limits: AttemptLimits;
  readonly #clock: Clock;
  readonly #attempts = new Map<string, Attempts>();

  constructor(limits: AttemptLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Counts an attempt of `key`. Answers 0, or how long to wait in µs where it is one too many. */
  take(key: string): number {
    const { attempts: attemptsMax, windowUs } = this.#limits;
    const nowUs = this.#clock.nowUs();
    const known = this.#attempts.get(key);
    // A clock that was set back must not lock anybody out for longer than one window.
    const isOpen = known !== undefined && nowUs >= known.sinceUs && nowUs - known.sinceUs < windowUs;
    if (!isOpen) {
      this.#begin(key, nowUs);
      return 0;
    }
    if (known.count >= attemptsMax) return known.sinceUs + windowUs - nowUs;
    known.count += 1;
    return 0;
  }

  /** The attempt was right: it does not count. */
  giveBack(key: string): void {
    const known = this.#attempts.get(key);
    if (known && known.count > 0) known.count -= 1;
  }

  #begin(key: string, nowUs: number): void {
    this.#attempts.delete(key);
    this.#attempts.set(key, { count: 1, sinceUs: nowUs });
    if (this.#attempts.size <= this.#limits.keys) return;
    const oldest = this.#attempts.keys().next();
    if (!oldest.done) this.#attempts.delete(oldest.value);
  }
}

/** The key of an address: IPv6 hosts own a whole /64, which must not give them 2^64 attempts. */
export function addressKey(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
