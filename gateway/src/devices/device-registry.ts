import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Reported, Status } from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import { durably, inTransaction } from '../home/gateway-database.ts';
import type { CreatedDevice, Devices } from '../parts.ts';
import { CredentialCheck, hashPassword, newPassword } from './credential.ts';
import type { DeviceRecord } from './device-record.ts';
import { isRow, newState, readDevice, tagsOf, type DeviceState } from './device-row.ts';

const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * The devices that this gateway knows, with their credentials and what they last said of themselves.
 *
 * All of it is held in memory and written through to `gateway.db`, except for `lastSeenUs`. `flush` writes
 * that now and then, and whatever could not be written before.
 */
export class DeviceRegistry implements Devices {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #devicesMax: number;
  readonly #devices = new Map<string, DeviceState>();
  /** Devices of which the database does not know the newest. */
  readonly #unsaved = new Set<string>();
  readonly #listeners = new Set<(device: DeviceRecord) => void>();
  readonly #credentials = new CredentialCheck();
  readonly #write: StatementSync;
  /** Set by the broker: closes the live session of a device. */
  dropSession: (device: string) => void = () => undefined;
  /** Set by the broker: publishes a desired configuration, retained. */
  handOut: (device: string, json: string) => void = () => undefined;

  constructor(database: DatabaseSync, options: { clock: Clock; devicesMax: number }) {
    this.#database = database;
    this.#clock = options.clock;
    this.#devicesMax = options.devicesMax;
    this.#write = database.prepare(
      `INSERT INTO devices (id, created_at_us, password_hash, revoked, last_seen_us, status, reported, desired)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET password_hash = excluded.password_hash, revoked = excluded.revoked,
         last_seen_us = excluded.last_seen_us, status = excluded.status, reported = excluded.reported,
         desired = excluded.desired`,
    );
    for (const row of database.prepare('SELECT * FROM devices').all()) {
      if (isRow(row)) this.#devices.set(row.id, readDevice(row));
    }
  }

  list(): DeviceRecord[] {
    return [...this.#devices.values()].map(toRecord).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  get(device: string): DeviceRecord | undefined {
    const state = this.#devices.get(device);
    return state && toRecord(state);
  }

  async create(device: string): Promise<CreatedDevice> {
    const refusal = this.#refuseName(device);
    if (refusal) return refusal;
    const password = newPassword();
    const passwordHash = await hashPassword(password);
    // Another request may have registered the same name while this one was hashing.
    const taken = this.#refuseName(device);
    if (taken) return taken;
    const known = this.#devices.get(device) ?? newState(device, this.#clock.nowUs());
    const state = { ...known, passwordHash, revoked: false };
    durably(this.#database, () => this.#store(state));
    this.#devices.set(device, state);
    this.#tell(state);
    return { ok: true, device, password };
  }

  async renewPassword(device: string): Promise<string | undefined> {
    const password = newPassword();
    const passwordHash = await hashPassword(password);
    const state = this.#devices.get(device);
    if (state?.revoked !== false) return undefined;
    durably(this.#database, () => this.#store({ ...state, passwordHash }));
    state.passwordHash = passwordHash;
    return password;
  }

  /** Whether one more device may be registered. */
  get hasRoom(): boolean {
    return this.#devices.size < this.#devicesMax;
  }

  /**
   * Makes a device known that has no credential of its own, since another account speaks for it; one that is known
   * stays as it is. Throws what SQLite throws.
   */
  adopt(device: string): void {
    if (this.#devices.has(device)) return;
    const state = newState(device, this.#clock.nowUs());
    this.#store(state);
    this.#devices.set(device, state);
    this.#tell(state);
  }

  async revoke(device: string): Promise<DeviceRecord | undefined> {
    const state = this.#devices.get(device);
    if (!state) return undefined;
    state.revoked = true;
    this.#unsaved.add(device);
    this.dropSession(device);
    durably(this.#database, () => this.#store(state));
    this.#tell(state);
    return toRecord(state);
  }

  onChange(listener: (device: DeviceRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether this password opens a session of this device now. */
  async authenticate(device: string, password: Buffer): Promise<boolean> {
    const hash = this.#usableHash(device);
    const right = await this.#credentials.verify(device, password, hash);
    // It may have been revoked, or given another password, while the verification ran.
    return right && this.#usableHash(device) === hash;
  }

  /** Whether a session of this device may go on. */
  isAdmitted(device: string): boolean {
    return this.#devices.get(device)?.revoked === false;
  }

  /** A session opened or closed. When that was is written by `flush`: thousands may come back at once. */
  setOnline(device: string, online: boolean): void {
    const state = this.#devices.get(device);
    if (!state || state.online === online) return;
    state.online = online;
    state.lastSeenUs = this.#clock.nowUs();
    this.#unsaved.add(device);
    this.#tell(state);
  }

  /** Something of the device arrived. */
  seen(device: string): void {
    const state = this.#devices.get(device);
    if (!state) return;
    state.lastSeenUs = this.#clock.nowUs();
    this.#unsaved.add(device);
  }

  setStatus(device: string, status: Status): void {
    this.#update(device, (state) => (state.status = status));
  }

  setReported(device: string, reported: Reported): void {
    this.#update(device, (state) => (state.reported = reported));
  }

  /** JSON of the desired configuration's message; null where there is none. */
  desired(device: string): string | null {
    return this.#devices.get(device)?.desired ?? null;
  }

  /** What a device last reported of its configuration. */
  reported(device: string): Reported | null {
    return this.#devices.get(device)?.reported ?? null;
  }

  setDesired(device: string, json: string): void {
    const state = this.#devices.get(device);
    if (!state) return;
    durably(this.#database, () => this.#store({ ...state, desired: json }));
    state.desired = json;
    if (!state.revoked) this.handOut(device, json);
  }

  /** The retained messages that the broker hands out: JSON by kind, for every device that is not revoked. */
  retained(): { device: string; kind: 'status' | 'config/desired'; json: string }[] {
    return [...this.#devices.values()]
      .filter(({ revoked }) => !revoked)
      .flatMap(({ id, status, desired }) => [
        ...(status ? [{ device: id, kind: 'status' as const, json: JSON.stringify(status) }] : []),
        ...(desired ? [{ device: id, kind: 'config/desired' as const, json: desired }] : []),
      ]);
  }

  /** Writes what has not been written yet. Throws what SQLite throws; the next call then tries again. */
  flush(): void {
    if (this.#unsaved.size === 0) return;
    inTransaction(this.#database, () => {
      for (const device of this.#unsaved) {
        const state = this.#devices.get(device);
        if (state) this.#store(state);
      }
    });
    this.#unsaved.clear();
  }

  #usableHash(device: string): string | undefined {
    const state = this.#devices.get(device);
    return state && !state.revoked ? state.passwordHash : undefined;
  }

  #refuseName(device: string): Extract<CreatedDevice, { ok: false }> | undefined {
    if (!namePattern.test(device)) return { ok: false, code: 'DEVICE_NAME_INVALID', detail: device };
    const known = this.#devices.get(device);
    if (known && !known.revoked) return { ok: false, code: 'DEVICE_EXISTS', detail: device };
    if (!known && this.#devices.size >= this.#devicesMax) {
      return { ok: false, code: 'DEVICE_LIMIT', detail: `${this.#devicesMax} devices` };
    }
    return undefined;
  }

  #update(device: string, change: (state: DeviceState) => void): void {
    const state = this.#devices.get(device);
    if (!state) return;
    change(state);
    this.#save(state);
  }

  /** Sessions go on where nothing can be written: `flush` tries again, and tells of it. */
  #save(state: DeviceState): void {
    this.#unsaved.add(state.id);
    try {
      this.#store(state);
      this.#unsaved.delete(state.id);
    } catch {
      // A full disk is no reason to end the session of a device that can do nothing about it.
    }
    this.#tell(state);
  }

  #tell(state: DeviceState): void {
    const record = toRecord(state);
    for (const listener of this.#listeners) listener(record);
  }

  #store(state: DeviceState): void {
    const { status, reported } = state;
    this.#write.run(
      state.id,
      state.createdAtUs,
      state.passwordHash,
      state.revoked ? 1 : 0,
      state.lastSeenUs,
      status && JSON.stringify(status),
      reported && JSON.stringify(reported),
      state.desired,
    );
  }
}

function toRecord(state: DeviceState): DeviceRecord {
  return {
    id: state.id,
    createdAtUs: state.createdAtUs,
    revoked: state.revoked,
    online: state.online,
    lastSeenUs: state.lastSeenUs,
    status: state.status,
    tags: tagsOf(state.reported),
  };
}
