import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BatchDigest } from './batch-digest.ts';

/** Consecutive seqs that share one row: two kilobytes of digests. */
export const seqsPerBlock = 256;

interface Block {
  /** 0 where there is none: no digest is 0. */
  readonly digests: Float64Array;
  changed: boolean;
}

/** Of which epoch the digests are. */
export interface EpochName {
  readonly device: string;
  readonly epoch: string;
}

/**
 * The digests of the newest batches, a row of the database for each 256 seqs of an epoch: a device that sends
 * a thousand batches a second costs four rows a second, not a thousand.
 */
export class DigestBlocks {
  readonly #statements: Record<'read' | 'write' | 'prune', StatementSync>;

  constructor(database: DatabaseSync) {
    this.#statements = {
      read: database.prepare(
        'SELECT digests FROM digest_blocks WHERE device = ? AND epoch = ? AND block = ?',
      ),
      write: database.prepare(
        'INSERT OR REPLACE INTO digest_blocks (device, epoch, block, digests) VALUES (?, ?, ?, ?)',
      ),
      prune: database.prepare('DELETE FROM digest_blocks WHERE device = ? AND epoch = ? AND block < ?'),
    };
  }

  /** The digests of one epoch, of which none is in memory yet. */
  of(name: EpochName): EpochDigests {
    return new EpochDigests(name, this.#statements);
  }
}

/** Digests of one epoch: those that changed are in memory until they are saved. */
export class EpochDigests {
  readonly #name: EpochName;
  readonly #statements: Record<'read' | 'write' | 'prune', StatementSync>;
  #blocks = new Map<number, Block>();

  constructor(name: EpochName, statements: Record<'read' | 'write' | 'prune', StatementSync>) {
    this.#name = name;
    this.#statements = statements;
  }

  /** The digest of a batch; undefined where none is kept. */
  get(seq: number): BatchDigest | undefined {
    const number = Math.floor(seq / seqsPerBlock);
    const digests = this.#blocks.get(number)?.digests ?? this.#read(number);
    const digest = digests?.[seq % seqsPerBlock];
    return digest === 0 ? undefined : digest;
  }

  set(seq: number, digest: BatchDigest): void {
    const block = this.#block(Math.floor(seq / seqsPerBlock));
    block.digests[seq % seqsPerBlock] = digest;
    block.changed = true;
  }

  /** Writes what has changed, and forgets what lies below `oldestSeq`, in the transaction of the caller. */
  save(oldestSeq: number): void {
    const { device, epoch } = this.#name;
    for (const [number, { digests, changed }] of this.#blocks) {
      if (changed) this.#statements.write.run(device, epoch, number, new Uint8Array(digests.buffer));
    }
    if (oldestSeq >= seqsPerBlock)
      this.#statements.prune.run(device, epoch, Math.floor(oldestSeq / seqsPerBlock));
  }

  /** Removes all of them, in the transaction of the caller: the epoch is over. */
  forget(): void {
    const { device, epoch } = this.#name;
    this.#statements.prune.run(device, epoch, Number.MAX_SAFE_INTEGER);
  }

  /** That transaction has succeeded. The block that grows next stays in memory. */
  saved(newestSeq: number): void {
    const number = Math.floor(newestSeq / seqsPerBlock);
    const newest = this.#blocks.get(number);
    this.#blocks = new Map();
    if (newest) this.#blocks.set(number, { digests: newest.digests, changed: false });
  }

  #block(number: number): Block {
    const known = this.#blocks.get(number);
    if (known) return known;
    const block = { digests: this.#read(number) ?? new Float64Array(seqsPerBlock), changed: false };
    this.#blocks.set(number, block);
    return block;
  }

  #read(number: number): Float64Array | undefined {
    const { device, epoch } = this.#name;
    const bytes = this.#statements.read.get(device, epoch, number)?.['digests'];
    if (!(bytes instanceof Uint8Array) || bytes.byteLength !== seqsPerBlock * 8) return undefined;
    // A copy: the bytes of the database need not begin where doubles may.
    return new Float64Array(bytes.slice().buffer);
  }
}
