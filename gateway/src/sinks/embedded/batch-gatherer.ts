import type { GapsBlock, ReadingsBlock, SensorBlock, WindowsBlock } from '@fieldline/protocol';
import type { BlockTable, Place } from './blocks/block-table.ts';
import { writeReadings, writeWindows } from './blocks/block-writer.ts';
import { grain } from './blocks/limits.ts';
import { ReadingGatherer, WindowGatherer } from './blocks/row-gatherer.ts';
import { newestOf, type Newest, type StreamTable } from './stream-table.ts';

/** What one write put into the blocks of a stream. */
export interface Written extends Place {
  /** Rows of each block. */
  readonly blocks: readonly number[];
}

interface WindowsOf {
  readonly stream: number;
  readonly window: string;
  readonly gatherer: WindowGatherer;
}

/** Gathers the batches of one write by stream, so that each stream gets few large blocks instead of many small. */
export class BatchGatherer {
  readonly #streams: StreamTable;
  readonly #readings = new Map<number, ReadingGatherer>();
  readonly #windows = new Map<string, WindowsOf>();
  readonly #newest = new Map<number, Newest>();

  constructor(streams: StreamTable) {
    this.#streams = streams;
  }

  /** Takes a block of a device. */
  add(device: string, block: Exclude<SensorBlock, GapsBlock>): void {
    if (block.kind === 'readings') this.#addReadings(device, block);
    else this.#addWindows(device, block);
  }

  /** Stores what was gathered, inside the caller's transaction. */
  store(table: BlockTable): Written[] {
    const written: Written[] = [];
    for (const [stream, gatherer] of this.#readings) {
      const blocks = writeReadings(table, gatherer.rows(), { stream, window: null, rolled: 0 });
      written.push({ stream, grain: grain.readings, blocks });
    }
    for (const { stream, window, gatherer } of this.#windows.values()) {
      const blocks = writeWindows(table, gatherer.rows(), { stream, window, rolled: 0 });
      written.push({ stream, grain: grain.windows, blocks });
    }
    for (const [stream, newest] of this.#newest) this.#streams.noteNewest(stream, newest);
    return written;
  }

  #addReadings(device: string, block: ReadingsBlock): void {
    const { sensor, type, kind, extra = false } = block;
    for (const [quantity, field] of Object.entries(block.fields)) {
      const { unit } = field;
      const stream = this.#streams.idOf({ device, sensor, quantity, type, unit, kind, window: null, extra });
      let gatherer = this.#readings.get(stream);
      if (!gatherer) this.#readings.set(stream, (gatherer = new ReadingGatherer()));
      gatherer.add(block.t, field);
      this.#noteNewest(stream, newestOf(block.t, field.v));
    }
  }

  #addWindows(device: string, block: WindowsBlock): void {
    const { sensor, type, kind, window, extra = false } = block;
    for (const [quantity, field] of Object.entries(block.fields)) {
      const { unit } = field;
      const stream = this.#streams.idOf({ device, sensor, quantity, type, unit, kind, window, extra });
      const key = `${stream} ${window}`;
      let of = this.#windows.get(key);
      if (!of) this.#windows.set(key, (of = { stream, window, gatherer: new WindowGatherer() }));
      of.gatherer.add(block, field);
      const means = field.sum.map((sum, index) => sum / field.count[index]!);
      this.#noteNewest(stream, newestOf(block.end, means));
    }
  }

  #noteNewest(stream: number, newest: Newest | null): void {
    const known = this.#newest.get(stream);
    if (newest && !(known && known.t > newest.t)) this.#newest.set(stream, newest);
  }
}
