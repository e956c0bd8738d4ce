import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import {
  accepted,
  refused,
  UpdateStep,
  UpdateTarget,
  type OfferProgress,
  type Result,
  type UpdateProgress,
} from '@fieldline/protocol';
import { Value } from 'typebox/value';
import type { Clock } from '../clock.ts';
import { durably } from '../home/gateway-database.ts';

/** Offers that are kept, at most. */
export const offersMax = 100;

/** A version, and to whom it is offered. */
export interface Offer {
  readonly id: string;
  readonly version: string;
  readonly target: UpdateTarget;
  readonly offeredAtUs: number;
}

/** What a device has said of an offer. */
export type DeviceProgress = Omit<OfferProgress, 'device'>;

/** Offers, and how far each has come on each device; kept in `gateway.db`. */
export class OfferBook {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #offers = new Map<string, Offer>();
  readonly #progress = new Map<string, Map<string, DeviceProgress>>();

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    for (const row of database.prepare('SELECT * FROM update_offers ORDER BY offered_at_us, id').all()) {
      const target: unknown = JSON.parse(String(row['target']));
      if (!Value.Check(UpdateTarget, target)) continue;
      const [id, version] = [String(row['id']), String(row['version'])];
      this.#offers.set(id, { id, version, target, offeredAtUs: Number(row['offered_at_us']) });
    }
    for (const row of database.prepare('SELECT * FROM update_progress').all()) {
      const { state, code, detail } = row;
      if (!Value.Check(UpdateStep, state)) continue;
      const about = { code: textOrNull(code), detail: textOrNull(detail), at: Number(row['at_us']) };
      this.#of(String(row['offer'])).set(String(row['device']), { state, ...about });
    }
  }

  /** The newest first. */
  list(): Offer[] {
    return [...this.#offers.values()].reverse();
  }

  /** What the devices have said of an offer. */
  progressOf(offer: string): ReadonlyMap<string, DeviceProgress> {
    return this.#progress.get(offer) ?? new Map<string, DeviceProgress>();
  }

  /** Durable on return. Refused as UPDATE_LIMIT. */
  add(version: string, target: UpdateTarget): Result<Offer> {
    if (this.#offers.size >= offersMax) return refused('UPDATE_LIMIT', `${offersMax} offers.`);
    const id = randomBytes(9).toString('base64url');
    const offer = { id, version, target, offeredAtUs: this.#clock.nowUs() };
    durably(this.#database, () => {
      this.#database
        .prepare('INSERT INTO update_offers VALUES (?, ?, ?, ?)')
        .run(id, version, JSON.stringify(target), offer.offeredAtUs);
    });
    this.#offers.set(id, offer);
    return accepted(offer);
  }

  /** Forgets an offer; what is under way on a device goes on. False where there is none. */
  remove(id: string): boolean {
    if (!this.#offers.has(id)) return false;
    durably(this.#database, () => {
      this.#database.prepare('DELETE FROM update_offers WHERE id = ?').run(id);
      this.#database.prepare('DELETE FROM update_progress WHERE offer = ?').run(id);
    });
    this.#progress.delete(id);
    return this.#offers.delete(id);
  }

  /**
   * Takes what a device says; whether that is new. An offer that is not known is none of ours. One that has ended stays
   * ended: over a bad line, what a device has said earlier comes once more after what it said later.
   */
  note(device: string, update: Omit<UpdateProgress, 'version'>): boolean {
    const { offer, state } = update;
    const code = update.code ?? null;
    const detail = update.detail ?? null;
    const known = this.#progress.get(offer)?.get(device);
    if (!this.#offers.has(offer) || (known?.state === state && known.code === code)) return false;
    if (known && hasEnded(known)) return false;
    const at = this.#clock.nowUs();
    this.#of(offer).set(device, { state, code, detail, at });
    this.#database
      .prepare('INSERT OR REPLACE INTO update_progress VALUES (?, ?, ?, ?, ?, ?)')
      .run(offer, device, state, code, detail, at);
    return true;
  }

  #of(offer: string): Map<string, DeviceProgress> {
    const known = this.#progress.get(offer);
    if (known) return known;
    const made = new Map<string, DeviceProgress>();
    this.#progress.set(offer, made);
    return made;
  }
}

/** Whether a device has done with an offer, for good. */
export function hasEnded({ state }: Pick<DeviceProgress, 'state'>): boolean {
  return state === 'committed' || state === 'rolled-back' || state === 'refused';
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
