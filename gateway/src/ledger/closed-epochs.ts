import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { FieldlineError } from '@fieldline/protocol';
import type { SeqRange } from '../ingest/seq-ranges.ts';
import { EpochAccount, type EpochSnapshot } from './epoch-account.ts';

/** The accounts of the closed epochs of one device. */
export interface ClosedEpochs {
  /** Keeps the account of an epoch. */
  close(epoch: string, account: EpochAccount): void;
  /** Takes the account of an epoch out again; undefined where it is not closed. */
  open(epoch: string): EpochAccount | undefined;
}

/**
 * Accounts of epochs that have ended, in `gateway.db`: out of memory and out of the snapshots that are written
 * every few seconds, and there for a batch that comes late all the same. What changed is written by `save`, in
 * the same transaction as the accounts of the devices, whose sums must never speak of another set of epochs.
 */
export class ClosedEpochStore {
  readonly #statements: Record<'select' | 'insert' | 'remove' | 'names', StatementSync>;
  /** Changed since the last save: the account, or undefined where it is open again. */
  readonly #changed = new Map<string, Map<string, string | undefined>>();

  constructor(database: DatabaseSync) {
    this.#statements = {
      select: database.prepare('SELECT account FROM closed_epochs WHERE device = ? AND epoch = ?'),
      insert: database.prepare(
        'INSERT OR REPLACE INTO closed_epochs (device, epoch, account) VALUES (?, ?, ?)',
      ),
      remove: database.prepare('DELETE FROM closed_epochs WHERE device = ? AND epoch = ?'),
      names: database.prepare('SELECT 1 FROM closed_epochs WHERE device = ? AND epoch = ?'),
    };
  }

  /** Those of one device. */
  of(device: string): ClosedEpochs {
    return {
      close: (epoch, account) => {
        const kept = { account: account.snapshot(), refused: account.refusedSeqs.toArray() };
        this.#change(device, epoch, JSON.stringify(kept));
      },
      open: (epoch) => {
        const json = this.#read(device, epoch);
        if (json === undefined) return undefined;
        this.#change(device, epoch, undefined);
        return readAccount(json);
      },
    };
  }

  /** Whether an epoch is closed. */
  has(device: string, epoch: string): boolean {
    return this.#statements.names.get(device, epoch) !== undefined;
  }

  /** Whether the account of a closed epoch knows that this batch was refused. */
  knowsRefused(device: string, epoch: string, seq: number): boolean {
    const json = this.#read(device, epoch);
    return json !== undefined && readAccount(json).refusedSeqs.has(seq);
  }

  /** Writes what changed since the last `saved`; runs in the caller's transaction. */
  save(): void {
    for (const [device, epochs] of this.#changed) {
      for (const [epoch, json] of epochs) {
        if (json === undefined) this.#statements.remove.run(device, epoch);
        else this.#statements.insert.run(device, epoch, json);
      }
    }
  }

  /** That transaction has succeeded, and nothing changed since. */
  saved(): void {
    this.#changed.clear();
  }

  #change(device: string, epoch: string, json: string | undefined): void {
    const epochs = this.#changed.get(device) ?? new Map<string, string | undefined>();
    epochs.set(epoch, json);
    this.#changed.set(device, epochs);
  }

  #read(device: string, epoch: string): string | undefined {
    const changed = this.#changed.get(device);
    if (changed?.has(epoch)) return changed.get(epoch);
    const row = this.#statements.select.get(device, epoch);
    return typeof row?.account === 'string' ? row.account : undefined;
  }
}

/** The gateway alone writes these: its outline tells an account from another version's. */
function readAccount(json: string): EpochAccount {
  const kept: unknown = JSON.parse(json);
  if (!isKept(kept)) {
    throw new FieldlineError('DATABASE_UNUSABLE', {
      subject: 'gateway.db',
      detail: 'The account of a closed epoch cannot be read.',
    });
  }
  const account = EpochAccount.restore(kept.account);
  for (const [from, to] of kept.refused) {
    for (let seq = from; seq <= to; seq++) account.refusedSeqs.add(seq);
  }
  return account;
}

function isKept(value: unknown): value is { account: EpochSnapshot; refused: readonly SeqRange[] } {
  if (typeof value !== 'object' || value === null) return false;
  return 'account' in value && 'refused' in value && Array.isArray(value.refused);
}
