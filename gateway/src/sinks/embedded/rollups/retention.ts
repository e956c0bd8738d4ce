import type { BlockTable, StoredBlock } from '../blocks/block-table.ts';
import { grain } from '../blocks/limits.ts';
import type { Statements } from '../statements.ts';
import { missingFrom, rollupGrains } from './grains.ts';
import { possibleBits, rollBlocksMax, rollUp } from './roll-up.ts';
import type { RollupTable } from './rollup-table.ts';

/** How long each resolution is kept, µs; Infinity keeps it for ever. */
export type KeepUs = Readonly<Record<'readings' | '10s' | '1m' | '1h', number>>;

/** Keeps everything. */
export const keepForever: KeepUs = { readings: Infinity, '10s': Infinity, '1m': Infinity, '1h': Infinity };

/** Blocks of one stream that one call removes at most; the next call goes on. */
const removedBlocksMax = 4096;

/**
 * Removes what is older than its resolution is kept. Readings (and windows as they were received) go only after all rollups
 * hold them; windows too long for any rollup stay. What was removed is counted, so that the ledger still adds up.
 */
export class Retention {
  readonly #statements: Statements;
  readonly #blocks: BlockTable;
  readonly #rollups: RollupTable;

  constructor(statements: Statements, blocks: BlockTable, rollups: RollupTable) {
    this.#statements = statements;
    this.#blocks = blocks;
    this.#rollups = rollups;
  }

  /** The streams that there are, each a piece of work for `removeReadings`. */
  streams(): number[] {
    return this.#statements
      .of('SELECT id FROM stream')
      .all()
      .map(({ id }) => Number(id));
  }

  /** Removes the readings of one stream, inside the caller's transaction. */
  removeReadings(stream: number, beforeUs: number): void {
    const count = this.#statements.of(
      `UPDATE stream SET removed = min(removed + ?, ${Number.MAX_SAFE_INTEGER}) WHERE id = ?`,
    );
    for (const kind of [grain.readings, grain.windows]) {
      const old = this.#blocks.before({ stream, grain: kind }, beforeUs, removedBlocksMax);
      const gone = old.filter(({ window }) => possibleBits(window) !== 0);
      for (let from = 0; from < gone.length; from += rollBlocksMax) {
        rollUp(this.#blocks, this.#rollups, gone.slice(from, from + rollBlocksMax), true);
      }
      for (const block of gone) {
        this.#noteMissing(block);
        this.#blocks.remove(block);
        count.run(block.readings, stream);
      }
    }
  }

  /**
   * Notes since when each resolution is there, inside the caller's transaction: before anything goes, so that a question
   * never looks for readings where there are none any more.
   */
  noteRetired(nowUs: number, keepUs: KeepUs): void {
    for (const [kind, ageUs] of Object.entries(keepUs)) {
      if (Number.isFinite(ageUs)) this.#note(kind, nowUs - ageUs);
    }
  }

  /** Removes rollups, and gaps older than all of them, inside the caller's transaction. */
  removeRollups(nowUs: number, keepUs: KeepUs): void {
    for (const each of rollupGrains) this.#rollups.removeBefore(each, nowUs - keepUs[each.name]);
    const longestUs = Math.max(...Object.values(keepUs));
    if (!Number.isFinite(longestUs)) return;
    this.#statements.of('DELETE FROM gap WHERE to_t < ?').run(nowUs - longestUs);
  }

  /** The rollups that are too fine for the windows of a block that goes lack it. */
  #noteMissing({ stream, window, last }: StoredBlock): void {
    const bits = possibleBits(window);
    for (const { name, bit } of rollupGrains)
      if ((bits & bit) === 0) this.#note(missingFrom(name, stream), last + 1);
  }

  #note(kind: string, beforeUs: number): void {
    const sql = `INSERT INTO retired VALUES (?, ?)
      ON CONFLICT (kind) DO UPDATE SET before_us = max(before_us, excluded.before_us)`;
    this.#statements.of(sql).run(kind, beforeUs);
  }
}
