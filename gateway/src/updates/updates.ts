import {
  accepted,
  refused,
  type OfferProgress,
  type OfferSummary,
  type Result,
  type UpdateOrder,
  type UpdatesAnswer,
  type UpdateTarget,
} from '@fieldline/protocol';
import type { Logger } from 'pino';
import type { DeviceCommands } from '../devices/device-commands.ts';
import type { DeviceRecord } from '../devices/device-record.ts';
import type { Counter, Devices } from '../parts.ts';
import type { BundleStore } from './bundle-store.ts';
import { hasEnded, type Offer, type OfferBook } from './offer-book.ts';
import type { Tickets } from './ticket.ts';
import { isFor } from './update-target.ts';

/** How long a device may take to answer an offer, in ms. */
const answerMs = 30_000;
/** Devices that are asked at once. */
const asksAtOnce = 50;

/** What updates are offered with. */
export interface UpdatesOptions {
  readonly bundles: BundleStore;
  readonly offers: OfferBook;
  readonly tickets: Tickets;
  readonly devices: Pick<Devices, 'get' | 'list'>;
  readonly commands: Pick<DeviceCommands, 'send'>;
  /** By what devices recognise the HTTPS listener: SHA-256, base64url. */
  readonly pin: () => string;
  readonly logger: Logger;
}

/**
 * Offers versions to devices: at once to those that are here, to the others when they come. Each device gets the
 * newest offer that is for it, until it has said how that ended; the judgement is the device's own.
 */
export class Updates {
  readonly #options: UpdatesOptions;
  /** The port of the HTTPS listener; 0 while there is none: then nothing is offered. */
  port = 0;
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Set<string>();
  #asking = 0;

  constructor(options: UpdatesOptions) {
    this.#options = options;
  }

  get bundles(): BundleStore {
    return this.#options.bundles;
  }

  get tickets(): Tickets {
    return this.#options.tickets;
  }

  /** Everything that is published and offered. */
  answer(): UpdatesAnswer {
    const { bundles, offers } = this.#options;
    return { bundles: bundles.list(), offers: offers.list().map((offer) => this.#summary(offer)) };
  }

  /** Refused as UPDATE_VERSION_UNKNOWN or UPDATE_LIMIT. */
  offer(version: string, target: UpdateTarget): Result<OfferSummary> {
    const { bundles, offers, devices } = this.#options;
    if (bundles.ofVersion(version).length === 0) return refused('UPDATE_VERSION_UNKNOWN', version);
    const added = offers.add(version, target);
    if (!added.ok) return added;
    for (const record of devices.list()) if (record.online) this.listening(record.id);
    return accepted(this.#summary(added.value));
  }

  /** False where there is no such offer. */
  withdraw(id: string): boolean {
    return this.#options.offers.remove(id);
  }

  /** A device listens to its commands: it is told what is offered to it. */
  listening(device: string): void {
    this.#waiting.add(device);
    this.#askNext();
  }

  /** A device has said something of itself. */
  changed({ id, status }: DeviceRecord): void {
    const update = status?.update;
    if (update && this.#options.offers.note(id, update)) this.#count(update.state, update.code);
  }

  /** For `/metrics`. */
  counters(): Counter[] {
    const samples = [...this.#counts].map(([key, value]) => {
      const [state = '', code = ''] = key.split(' ');
      return { labels: { state, code }, value };
    });
    const help = 'Steps of updates over the air that devices have reported, by state and error code.';
    return [{ name: 'fieldline_update_steps_total', help, kind: 'counter', samples }];
  }

  #summary(offer: Offer): OfferSummary {
    const { id, version, target, offeredAtUs } = offer;
    const told = this.#options.offers.progressOf(id);
    const ids = new Set(told.keys());
    for (const record of this.#options.devices.list()) if (isFor(target, version, record)) ids.add(record.id);
    const silent = { state: 'offered' as const, code: null, detail: null, at: null };
    const progress = [...ids]
      .sort()
      .map((device): OfferProgress => ({ device, ...(told.get(device) ?? silent) }));
    return { id, version, target, offeredAt: offeredAtUs, progress };
  }

  #askNext(): void {
    for (const device of this.#waiting) {
      if (this.#asking >= asksAtOnce) return;
      this.#waiting.delete(device);
      const offer = this.port === 0 ? undefined : this.#openOffer(device);
      if (!offer) continue;
      this.#asking += 1;
      void this.#ask(device, offer).finally(() => {
        this.#asking -= 1;
        this.#askNext();
      });
    }
  }

  /** The newest offer for a device, unless the device has done with it. */
  #openOffer(device: string): Offer | undefined {
    const { devices, offers } = this.#options;
    const record = devices.get(device);
    const newest = record && offers.list().find(({ target, version }) => isFor(target, version, record));
    const progress = newest && offers.progressOf(newest.id).get(device);
    return progress && hasEnded(progress) ? undefined : newest;
  }

  async #ask(device: string, { id, version }: Offer): Promise<void> {
    const { bundles, commands, tickets, pin, logger, offers } = this.#options;
    const signed = bundles.ofVersion(version);
    if (signed.length === 0) return;
    const args: UpdateOrder = {
      offer: id,
      bundles: signed,
      port: this.port,
      ticket: tickets.make(device),
      pin: pin(),
    };
    const outcome = await commands.send(device, { name: 'update', args }, answerMs);
    // An agent of a version before updates, or one that is busy with another: it is asked again when it connects.
    if (outcome.kind !== 'replied' || outcome.reply.ok) return;
    const detail = outcome.reply.error?.slice(0, 512) ?? '';
    logger.warn({ device, version, detail }, 'A device does not take the update that it was offered');
    const code = /\[([A-Z][A-Z0-9_]+)\]/.exec(detail)?.[1] ?? 'UPDATE_NOT_ENABLED';
    if (offers.note(device, { offer: id, state: 'failed', code, detail })) this.#count('failed', code);
  }

  #count(state: string, code = ''): void {
    const key = `${state} ${code}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}
