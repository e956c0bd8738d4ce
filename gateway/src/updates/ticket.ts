import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';

/** How long a ticket is good, in µs: a bundle over a bad line takes hours. */
const ticketAgeUs = 86_400_000_000;

/**
 * Says that a device was offered an update, and may fetch bundles until a time. Good while this process runs: after
 * its restart devices connect again, and get another with their offer.
 */
export class Tickets {
  readonly #key = randomBytes(32);
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `DEVICE.UNTIL.SIGNATURE`, in characters that need no escape in an address. */
  make(device: string): string {
    const claim = `${device}.${this.#clock.nowUs() + ticketAgeUs}`;
    return `${claim}.${this.#sign(claim)}`;
  }

  /** The device that it was made for; undefined where it is none of this process, or too old. */
  deviceOf(ticket: string): string | undefined {
    const [device = '', until = '', signature = ''] = ticket.split('.');
    const wanted = Buffer.from(this.#sign(`${device}.${until}`));
    const given = Buffer.from(signature);
    const isRight = wanted.length === given.length && timingSafeEqual(wanted, given);
    return isRight && Number(until) > this.#clock.nowUs() ? device : undefined;
  }

  #sign(claim: string): string {
    return createHmac('sha256', this.#key).update(claim).digest('base64url');
  }
}
