import type { Columns } from '../drivers/driver.ts';

/** Values that one sensor may hold back until the time is known: 8 bytes each. */
export const heldValuesMax = 1_000_000;

interface HeldBlock {
  readonly t: Float64Array;
  readonly columns: Columns;
  readonly values: number;
  /** When it came, microseconds since the boot. */
  readonly arrivedUs: number;
  /** Why it is uncertain. */
  readonly doubt: string | undefined;
}

/** Blocks of one sensor that wait until the device knows the time, as its driver yielded them. */
export class HeldBlocks {
  #blocks: HeldBlock[] = [];
  #values = 0;

  /** Whether more is held than there is room for. */
  get isFull(): boolean {
    return this.#values > heldValuesMax;
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  /** Keeps a copy of a block that came at `arrivedUs`, microseconds since the boot. */
  hold(t: Float64Array, columns: Columns, arrivedUs: number, doubt?: string): void {
    const copies = columns.map((column) => column?.slice());
    const values = copies.reduce((sum, column) => sum + (column?.length ?? 0), t.length);
    this.#blocks.push({ t: t.slice(), columns: copies, values, arrivedUs, doubt });
    this.#values += values;
  }

  /** Adds the readings that wait, by column, to `counts`. */
  count(counts: number[]): void {
    for (const { columns } of this.#blocks) {
      columns.forEach((column, index) => (counts[index] = (counts[index] ?? 0) + (column?.length ?? 0)));
    }
  }

  /** Removes and returns all, oldest first. */
  take(): readonly HeldBlock[] {
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#values = 0;
    return blocks;
  }
}
