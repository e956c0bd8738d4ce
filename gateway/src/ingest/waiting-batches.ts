import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { countReadings, encodeBatch, type Batch } from '@fieldline/protocol';
import type { Ledger } from '../ledger/ledger.ts';
import type { Anchor } from './place-batch.ts';
import type { BatchName } from './peek-batch-name.ts';

/** Boots of one device whose anchors are remembered: batches of the backlog come after their anchor. */
const anchorsPerDeviceMax = 64;

/** The share of all the room that one device may take: it must not keep the others out. */
const deviceShare = 1 / 8;

/** A batch whose times nobody can tell yet. */
export interface WaitingBatch extends BatchName {
  readonly bootId: string;
  /** When it was journaled, microseconds UTC. */
  readonly receivedAtUs: number;
  readonly sizeBytes: number;
  /** Readings it holds, by `sensor/quantity`. */
  readonly counts: ReadonlyMap<string, number>;
  /** As it is encoded, until the database has it. */
  payload: Uint8Array | undefined;
}

/**
 * Batches with times since a boot (`clock: "unset"`) that are journaled and acknowledged, and wait for the
 * anchor of that boot; and the anchors. A function of the journal's records: `save` writes it in the same
 * transaction as the offset up to which the journal has been seen, and a replay of the rest restores it.
 */
export class WaitingBatches {
  readonly #ledger: Ledger;
  readonly #bytesMax: number;
  readonly #waiting = new Map<string, WaitingBatch>();
  readonly #anchors = new Map<string, Map<string, Anchor>>();
  readonly #bytesOf = new Map<string, number>();
  readonly #removed = new Map<string, BatchName>();
  readonly #freshAnchors = new Set<string>();
  readonly #statements: Record<'insert' | 'remove' | 'payload' | 'anchor' | 'forget', StatementSync>;
  #bytes = 0;

  constructor(database: DatabaseSync, { ledger, bytesMax }: { ledger: Ledger; bytesMax: number }) {
    this.#ledger = ledger;
    this.#bytesMax = bytesMax;
    this.#statements = {
      insert: database.prepare(
        `INSERT OR REPLACE INTO waiting (device, epoch, seq, boot_id, received_at_us, counts, payload)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ),
      remove: database.prepare('DELETE FROM waiting WHERE device = ? AND epoch = ? AND seq = ?'),
      payload: database.prepare('SELECT payload FROM waiting WHERE device = ? AND epoch = ? AND seq = ?'),
      anchor: database.prepare(
        'INSERT OR REPLACE INTO anchors (device, boot_id, monotonic_us, wall_us) VALUES (?, ?, ?, ?)',
      ),
      forget: database.prepare('DELETE FROM anchors WHERE device = ? AND boot_id = ?'),
    };
    this.#restore(database);
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Bytes of all that waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether `sizeBytes` more of this device may wait. */
  hasRoom(device: string, sizeBytes: number): boolean {
    const ofDevice = (this.#bytesOf.get(device) ?? 0) + sizeBytes;
    return this.#bytes + sizeBytes <= this.#bytesMax && ofDevice <= this.#bytesMax * deviceShare;
  }

  /** This batch is durable in the journal, and waits; one that waits already changes nothing. */
  add(batch: Batch, receivedAtUs: number): void {
    const { device, epoch, seq, bootId } = batch;
    if (this.#waiting.has(keyOf(batch))) return;
    const payload = encodeBatch(batch);
    const counts = countReadings(batch);
    this.#hold({ device, epoch, seq, bootId, receivedAtUs, sizeBytes: payload.byteLength, counts, payload });
    this.#removed.delete(keyOf(batch));
  }

  /** It has been placed, or never will be. False where it did not wait. */
  remove(name: BatchName): boolean {
    const waiting = this.#waiting.get(keyOf(name));
    if (!waiting) return false;
    this.#waiting.delete(keyOf(name));
    this.#removed.set(keyOf(name), name);
    this.#count(waiting, -1);
    return true;
  }

  /** Takes it out of the database, in the caller's transaction; `remove` follows where that succeeds. */
  erase({ device, epoch, seq }: BatchName): void {
    this.#statements.remove.run(device, epoch, seq);
  }

  /** A device has told what time it was at a moment of this boot. */
  setAnchor(device: string, bootId: string, { monotonicUs, wallUs }: Anchor): void {
    const anchors = this.#anchorsOf(device);
    anchors.delete(bootId);
    anchors.set(bootId, { monotonicUs, wallUs });
    this.#freshAnchors.add(device);
  }

  /** What waits although its anchor is known; in the order in which it came. */
  placeable(): { waiting: WaitingBatch; anchor: Anchor }[] {
    return [...this.#waiting.values()].flatMap((waiting) => {
      const anchor = this.#anchors.get(waiting.device)?.get(waiting.bootId);
      return anchor ? [{ waiting, anchor }] : [];
    });
  }

  /** What came before `sinceUs` and still waits. */
  olderThan(sinceUs: number): WaitingBatch[] {
    return [...this.#waiting.values()].filter(({ receivedAtUs }) => receivedAtUs < sinceUs);
  }

  /** The batch as `encodeBatch` wrote it; undefined where it does not wait. */
  payload({ device, epoch, seq }: BatchName): Uint8Array | undefined {
    const fresh = this.#waiting.get(keyOf({ device, epoch, seq }))?.payload;
    if (fresh) return fresh;
    const row = this.#statements.payload.get(device, epoch, seq);
    return row?.payload instanceof Uint8Array ? row.payload : undefined;
  }

  /** Writes what changed since the last `saved`; runs in the caller's transaction. */
  save(): void {
    for (const { device, epoch, seq } of this.#removed.values())
      this.#statements.remove.run(device, epoch, seq);
    for (const each of this.#waiting.values()) if (each.payload) this.#insert(each, each.payload);
    for (const device of this.#freshAnchors) this.#saveAnchors(device);
  }

  /** That transaction has succeeded, and nothing changed since. */
  saved(): void {
    this.#removed.clear();
    for (const each of this.#waiting.values()) each.payload = undefined;
    for (const device of this.#freshAnchors) this.#trimAnchors(device);
    this.#freshAnchors.clear();
  }

  #insert(waiting: WaitingBatch, payload: Uint8Array): void {
    const { device, epoch, seq, bootId, receivedAtUs, counts } = waiting;
    this.#statements.insert.run(
      device,
      epoch,
      seq,
      bootId,
      receivedAtUs,
      JSON.stringify([...counts]),
      payload,
    );
  }

  #saveAnchors(device: string): void {
    const anchors = [...this.#anchorsOf(device)];
    const surplus = Math.max(0, anchors.length - anchorsPerDeviceMax);
    for (const [bootId] of anchors.slice(0, surplus)) this.#statements.forget.run(device, bootId);
    for (const [bootId, { monotonicUs, wallUs }] of anchors.slice(surplus)) {
      this.#statements.anchor.run(device, bootId, monotonicUs, wallUs);
    }
  }

  #trimAnchors(device: string): void {
    const anchors = this.#anchorsOf(device);
    for (const bootId of anchors.keys()) {
      if (anchors.size <= anchorsPerDeviceMax) break;
      anchors.delete(bootId);
    }
  }

  #restore(database: DatabaseSync): void {
    const waiting = database.prepare(
      `SELECT device, epoch, seq, boot_id AS bootId, received_at_us AS receivedAtUs, counts,
         length(payload) AS sizeBytes FROM waiting ORDER BY received_at_us`,
    );
    for (const row of waiting.all()) {
      this.#hold({
        device: String(row.device),
        epoch: String(row.epoch),
        seq: Number(row.seq),
        bootId: String(row.bootId),
        receivedAtUs: Number(row.receivedAtUs),
        sizeBytes: Number(row.sizeBytes),
        counts: readCounts(String(row.counts)),
        payload: undefined,
      });
    }
    const anchors = database.prepare(
      'SELECT device, boot_id, monotonic_us, wall_us FROM anchors ORDER BY wall_us',
    );
    for (const row of anchors.all()) {
      const anchor = { monotonicUs: Number(row.monotonic_us), wallUs: Number(row.wall_us) };
      this.#anchorsOf(String(row.device)).set(String(row.boot_id), anchor);
    }
  }

  #hold(waiting: WaitingBatch): void {
    this.#waiting.set(keyOf(waiting), waiting);
    this.#count(waiting, 1);
  }

  #count({ device, sizeBytes, counts }: WaitingBatch, sign: 1 | -1): void {
    this.#bytes += sign * sizeBytes;
    this.#bytesOf.set(device, (this.#bytesOf.get(device) ?? 0) + sign * sizeBytes);
    if (this.#bytesOf.get(device) === 0) this.#bytesOf.delete(device);
    this.#ledger.waits(device, counts, sign);
  }

  #anchorsOf(device: string): Map<string, Anchor> {
    const known = this.#anchors.get(device);
    if (known) return known;
    const anchors = new Map<string, Anchor>();
    this.#anchors.set(device, anchors);
    return anchors;
  }
}

/** Device ids and epochs hold no blank. */
function keyOf({ device, epoch, seq }: BatchName): string {
  return `${device} ${epoch} ${seq}`;
}

function readCounts(json: string): Map<string, number> {
  const read: unknown = JSON.parse(json);
  if (!Array.isArray(read)) return new Map();
  return new Map(
    read.flatMap((entry: unknown): [string, number][] =>
      Array.isArray(entry) ? [[String(entry[0]), Number(entry[1])]] : [],
    ),
  );
}
