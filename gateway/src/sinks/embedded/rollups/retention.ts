import type { BlockTable } from '../blocks/block-table.ts';
import { grain } from '../blocks/limits.ts';
import type { Statements } from '../statements.ts';
import { rollupGrains } from './grains.ts';
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
    const count = this.#statements.of('UPDATE stream SET removed = removed + ? WHERE id = ?');
    for (const kind of [grain.readings, grain.windows]) {
      const old = this.#blocks.before({ stream, grain: kind }, beforeUs, removedBlocksMax);
      const gone = old.filter(({ window }) => possibleBits(window) !== 0);
      for (let from = 0; from < gone.length; from += rollBlocksMax) {
        rollUp(this.#blocks, this.#rollups, gone.slice(from, from + rollBlocksMax), true);
      }
      for (const block of gone) {
        this.#blocks.remove(block);
        count.run(block.readings, stream);
      }
    }
  }

  /** Removes rollups and notes since when each resolution is there, inside the caller's transaction. */
  removeRollups(nowUs: number, keepUs: KeepUs): void {
    for (const each of rollupGrains) this.#rollups.removeBefore(each, nowUs - keepUs[each.name]);
    const note = this.#statements.of(
      `INSERT INTO retired VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET before_us = max(before_us, excluded.before_us)`,
    );
    for (const [kind, ageUs] of Object.entries(keepUs)) {
      if (Number.isFinite(ageUs)) note.run(kind, nowUs - ageUs);
    }
    const longestUs = Math.max(...Object.values(keepUs));
    if (!Number.isFinite(longestUs)) return;
    this.#statements.of('DELETE FROM gap WHERE to_t < ?').run(nowUs - longestUs);
  }
}
