import type { BlockTable, Place, StoredBlock } from './block-table.ts';
import { writeReadings, writeWindows } from './block-writer.ts';
import { damaged } from './column-bytes.ts';
import { joinReadings, joinWindows } from './join-rows.ts';
import { blockLimits, grain, tierOf } from './limits.ts';
import { decodeReadings } from './readings.ts';
import { decodeWindows } from './windows.ts';

/** How many blocks were merged, and how many of those written are small still. */
export interface MergeResult {
  readonly merged: number;
  readonly smallBlocks: number;
}

/** Which places hold small blocks that may be worth merging. */
export class MergeCandidates {
  readonly #places = new Map<string, Place & { blocks: number }>();

  /** So many small blocks came. */
  add({ stream, grain: kind }: Place, blocks: number): void {
    const key = `${stream} ${kind}`;
    const known = this.#places.get(key);
    if (known) known.blocks += blocks;
    else this.#places.set(key, { stream, grain: kind, blocks });
  }

  /** A place with enough of them, whose count begins anew; undefined where there is none. */
  take(): Place | undefined {
    for (const [key, place] of this.#places) {
      if (place.blocks < blockLimits.mergeBlocks) continue;
      this.#places.delete(key);
      return place;
    }
    return undefined;
  }

  /** What a merge left: where it gained little, it waits for as many new ones. */
  left(place: Place, { merged, smallBlocks }: MergeResult): void {
    if (smallBlocks * 2 <= merged) this.add(place, smallBlocks);
  }
}

/**
 * Merges the small blocks of a place, class by class, into larger ones, inside the caller's transaction. What they hold
 * stays what it is. Throws STORE_DAMAGED.
 */
export function mergeSmallBlocks(table: BlockTable, place: Place): MergeResult {
  let merged = 0;
  let smallBlocks = 0;
  for (const blocks of mergeable(table.small(place, blockLimits.rowsWhole))) {
    const written = rewrite(table, blocks);
    merged += blocks.length;
    smallBlocks += written.filter((rows) => rows < blockLimits.rowsWhole).length;
  }
  return { merged, smallBlocks };
}

/** Blocks of one class, one kind of window and the same rollups, where there are enough of them; the newest ones. */
function mergeable(small: readonly StoredBlock[]): StoredBlock[][] {
  const groups = Object.groupBy(small, ({ rows, rolled, window }) => `${tierOf(rows)} ${rolled} ${window}`);
  return Object.values(groups)
    .filter((blocks) => blocks !== undefined)
    .filter((blocks) => blocks.length >= blockLimits.mergeBlocks)
    .map((blocks) => blocks.slice(-blockLimits.mergeBlocksMax));
}

function rewrite(table: BlockTable, blocks: readonly StoredBlock[]): number[] {
  const [any] = blocks;
  if (!any) return [];
  // Of one time the row that came first stays first: ids rise as blocks are written.
  const asTheyCame = blocks.toSorted((a, b) => a.id - b.id);
  const written =
    any.grain === grain.readings
      ? writeReadings(
          table,
          joinReadings(asTheyCame.map((block) => decodeReadings(table.data(block), block.rows))),
          any,
        )
      : writeWindows(
          table,
          joinWindows(asTheyCame.map((block) => decodeWindows(table.data(block), block.rows))),
          any,
        );
  const before = blocks.reduce((sum, { rows }) => sum + rows, 0);
  const after = written.reduce((sum, rows) => sum + rows, 0);
  if (after !== before) throw damaged(`${before} rows of stream ${any.stream} became ${after}`);
  for (const block of blocks) table.remove(block);
  return written;
}
