import type { AlertDelivery } from '@fieldline/protocol';
import type { BurstLog } from '../../logging/burst-log.ts';
import type { Channel, SendOutcome } from './channel.ts';
import { type DeliveryBook, type WaitingDelivery } from './delivery-book.ts';
import { backoffMs, type BackoffLimits } from '../../sinks/backoff.ts';

/** How long one attempt may take, and how attempts are spread. */
export const deliveryLimits = {
  attemptMs: 15_000,
  backoff: { firstMs: 1000, maxMs: 300_000 } satisfies BackoffLimits,
  /** A message that has not gone out by then is given up. */
  deadlineUs: 24 * 3600 * 1e6,
  /** Of a message that somebody asked for to try the channel. */
  testDeadlineUs: 60 * 1e6,
} as const;

/** What the deliverer stands on. */
export interface DelivererOptions {
  readonly book: DeliveryBook;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly bursts: BurstLog;
  readonly nowUs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * Sends what waits, and is the one owner of retries: a channel at a time each, the oldest message first, so that an end
 * never overtakes its beginning. At least once: a kill between sending and noting it sends it again, under the same
 * number.
 */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #busy = new Map<string, Promise<void>>();
  readonly #abort = new AbortController();
  readonly #failures = new Map<string, number>();
  /** Channels that wait although something is due: what was sent could not be noted. */
  readonly #notBeforeUs = new Map<string, number>();

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  /** Starts whatever is due; the clock calls it about once a second, and whoever has just enqueued something. */
  poke(): void {
    if (this.#abort.signal.aborted) return;
    for (const channel of this.#options.book.channelsWaiting()) {
      const isHeld = this.#options.nowUs() < (this.#notBeforeUs.get(channel) ?? 0);
      if (isHeld || this.#busy.has(channel)) continue;
      const work = this.#drain(channel)
        .catch((error: unknown) => this.#hold(channel, error))
        .finally(() => this.#busy.delete(channel));
      this.#busy.set(channel, work);
    }
  }

  /** Resolves when nothing is being sent. */
  async settled(): Promise<void> {
    await Promise.all(this.#busy.values());
  }

  /** Ends attempts under way; what waits goes out after the next start. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.settled();
  }

  /** Sends what is due of one channel, until something has to wait. */
  async #drain(name: string): Promise<void> {
    const { book, nowUs } = this.#options;
    while (!this.#abort.signal.aborted) {
      const next = book.oldestWaiting(name);
      if (!next || next.nextAtUs > nowUs()) return;
      await this.#attempt(name, next);
    }
  }

  async #attempt(name: string, delivery: WaitingDelivery): Promise<void> {
    const { channels, nowUs, book } = this.#options;
    const channel = channels.get(name);
    const outcome: SendOutcome = channel
      ? await this.#send(channel, delivery)
      : { kind: 'refused', detail: 'the channel is no longer in the file of the gateway' };
    // A stop is no failure of the peer: the attempt is not counted.
    if (this.#abort.signal.aborted && outcome.kind !== 'ok') return;
    const state = this.#stateAfter(name, delivery, outcome);
    book.attempted(delivery, {
      state,
      attempt: { atUs: nowUs(), ok: outcome.kind === 'ok', detail: outcome.detail.slice(0, 200) },
      nextAtUs: nowUs() + this.#pauseUs(name),
    });
  }

  #stateAfter(name: string, delivery: WaitingDelivery, outcome: SendOutcome): AlertDelivery['state'] {
    if (outcome.kind === 'ok') {
      this.#failures.delete(name);
      return 'delivered';
    }
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1);
    const isOver = outcome.kind === 'refused' || this.#options.nowUs() >= delivery.deadlineUs;
    if (isOver) this.#options.bursts.report('ALERT_DELIVERY_FAILED', name, outcome.detail, 'error');
    else this.#delayed(name, outcome.detail);
    return isOver ? 'failed' : 'waiting';
  }

  #send(channel: Channel, { notice }: WaitingDelivery): Promise<SendOutcome> {
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(deliveryLimits.attemptMs)]);
    return channel.send(notice, signal);
  }

  #pauseUs(name: string): number {
    const failures = Math.max(1, this.#failures.get(name) ?? 0);
    return backoffMs(failures, deliveryLimits.backoff, this.#options.random) * 1000;
  }

  /** A full disk must not make a message go out again and again: it waits as after a failure of the peer. */
  #hold(name: string, error: unknown): void {
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1);
    this.#notBeforeUs.set(name, this.#options.nowUs() + this.#pauseUs(name));
    this.#delayed(name, error instanceof Error ? error.message : String(error));
  }

  #delayed(name: string, detail: string): void {
    this.#options.bursts.report('ALERT_DELIVERY_DELAYED', name, detail);
  }
}
