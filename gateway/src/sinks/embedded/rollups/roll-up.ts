import { windowLengthUs } from '../../../query/resolution.ts';
import type { BlockTable, StoredBlock } from '../blocks/block-table.ts';
import { joinReadings, joinWindows } from '../blocks/join-rows.ts';
import { grain } from '../blocks/limits.ts';
import { decodeReadings } from '../blocks/readings.ts';
import { decodeWindows, type WindowRows } from '../blocks/windows.ts';
import { coarsen, readingsToWindows } from './coarsen.ts';
import { lookedAt, rollupGrains, type RollupGrain } from './grains.ts';
import type { RollupTable } from './rollup-table.ts';

/** Blocks that are rolled up together at most: each chunk is written once for all of them. */
export const rollBlocksMax = 32;

/**
 * Adds blocks of one place to the rollups that do not hold them yet, and notes it beside them, inside the caller's
 * transaction: a block is in a rollup once or not at all, so that a question may take the rollup and read the other
 * blocks. `all`: also where a rollup gains nothing, since the rows are to be removed. Throws STORE_DAMAGED.
 */
export function rollUp(
  table: BlockTable,
  rollups: RollupTable,
  blocks: readonly StoredBlock[],
  all = false,
): void {
  const groups = Object.groupBy(blocks, ({ rolled, window }) => `${rolled} ${window}`);
  for (const group of Object.values(groups)) if (group) rollGroup(table, rollups, group, all);
}

/** The bits of the rollups that can hold windows of this kind; readings (null) fit into all. */
export function possibleBits(window: string | null): number {
  const lengthUs = window === null ? 0 : windowLengthUs(window);
  const fits = (each: RollupGrain): boolean =>
    lengthUs === 0 || (each.lengthUs >= lengthUs && each.lengthUs % lengthUs === 0);
  return rollupGrains.filter(fits).reduce((bits, { bit }) => bits + bit, 0);
}

function rollGroup(
  table: BlockTable,
  rollups: RollupTable,
  blocks: readonly StoredBlock[],
  all: boolean,
): void {
  const [first] = blocks;
  if (!first) return;
  const wanted = rollupGrains.filter(
    (each) =>
      (possibleBits(first.window) & each.bit) !== 0 &&
      (first.rolled & each.bit) === 0 &&
      (all || gains(blocks, each)),
  );
  let windows: WindowRows | undefined;
  for (const each of wanted) {
    // Each rollup is made of the finer one: 10 s, 1 min, 1 h.
    windows = windows ? coarsen(windows, each.lengthUs) : finest(table, blocks, each.lengthUs);
    rollups.add(first.stream, each, windows);
  }
  const rolled = wanted.reduce((bits, { bit }) => bits | bit, first.rolled | lookedAt);
  for (const block of blocks) table.markRolled(block, rolled);
}

function finest(table: BlockTable, blocks: readonly StoredBlock[], lengthUs: number): WindowRows {
  const asTheyCame = blocks.toSorted((a, b) => a.id - b.id);
  if (blocks[0]?.grain === grain.readings) {
    const rows = asTheyCame.map((block) => decodeReadings(table.data(block), block.rows));
    return readingsToWindows(joinReadings(rows), lengthUs);
  }
  const rows = asTheyCame.map((block) => decodeWindows(table.data(block), block.rows));
  return coarsen(joinWindows(rows), lengthUs);
}

function gains(blocks: readonly StoredBlock[], { lengthUs, rowsMin }: RollupGrain): boolean {
  let rows = 0;
  let windows = 0;
  for (const block of blocks) {
    rows += block.rows;
    windows += Math.floor(block.last / lengthUs) - Math.floor(block.start / lengthUs) + 1;
  }
  return rows >= rowsMin * windows;
}
