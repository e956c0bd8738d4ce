import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { accepted, refused, type Result } from '@fieldline/protocol';
import type { DeviceRegistry } from '../../devices/device-registry.ts';
import { inTransaction } from '../../home/gateway-database.ts';

interface Bridged {
  readonly account: string;
  readonly asNamed: string;
}

/** A device that an account speaks for. */
export interface ClaimedDevice extends Bridged {
  readonly device: string;
  /** Devices that this account may speak for. */
  readonly devicesMax: number;
}

/**
 * Which account speaks for which device. The first that names a device has it, until the device is revoked: no account
 * can put readings into the streams of an agent, of another account, or of a device whose name only looks the same
 * after it was made safe. Durable, in `gateway.db`.
 */
export class BridgedDevices {
  readonly #database: DatabaseSync;
  readonly #registry: DeviceRegistry;
  readonly #insert: StatementSync;
  readonly #devices = new Map<string, Bridged>();

  constructor(database: DatabaseSync, registry: DeviceRegistry) {
    this.#database = database;
    this.#registry = registry;
    this.#insert = database.prepare(
      'INSERT INTO dialect_devices (device, account, as_named) VALUES (?, ?, ?)',
    );
    for (const row of database.prepare('SELECT device, account, as_named FROM dialect_devices').all()) {
      this.#devices.set(String(row.device), { account: String(row.account), asNamed: String(row.as_named) });
    }
    for (const device of this.#devices.keys()) if (registry.get(device)?.revoked) this.#release(device);
    registry.onChange(({ id, online, revoked }) => {
      if (!online) this.#setOffline(id);
      if (revoked) this.#release(id);
    });
  }

  /** Whether the account speaks for the device, from now on. Refused as DIALECT_DEVICE_TAKEN or _LIMIT. */
  claim(claim: ClaimedDevice): Result<undefined> {
    const { device, account, asNamed } = claim;
    const known = this.#devices.get(device);
    if (known?.account === account && known.asNamed === asNamed) return accepted(undefined);
    if (known || (device !== account && this.#registry.get(device)))
      return refused('DIALECT_DEVICE_TAKEN', `${device}, which ${account} calls ${JSON.stringify(asNamed)}.`);
    return this.#adopt(claim);
  }

  /** Something of a device has come. */
  heard(device: string): void {
    this.#registry.seen(device);
    this.#registry.setOnline(device, true);
  }

  #adopt({ device, account, asNamed, devicesMax }: ClaimedDevice): Result<undefined> {
    if (this.#of(account).length >= devicesMax || (device !== account && !this.#registry.hasRoom))
      return refused('DIALECT_DEVICE_LIMIT', `${device}; ${account} speaks for ${this.#of(account).length}.`);
    inTransaction(this.#database, () => {
      this.#insert.run(device, account, asNamed);
      if (device !== account) this.#registry.adopt(device);
    });
    this.#devices.set(device, { account, asNamed });
    return accepted(undefined);
  }

  /** No account speaks for a revoked device any more, also not after its name was given to an agent. */
  #release(device: string): void {
    const known = this.#devices.get(device);
    if (!known || known.account === device) return;
    this.#devices.delete(device);
    this.#database.prepare('DELETE FROM dialect_devices WHERE device = ?').run(device);
  }

  #setOffline(account: string): void {
    for (const device of this.#of(account)) if (device !== account) this.#registry.setOnline(device, false);
  }

  #of(account: string): string[] {
    return [...this.#devices].filter(([, each]) => each.account === account).map(([device]) => device);
  }
}
