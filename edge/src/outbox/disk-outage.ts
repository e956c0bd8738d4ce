import { countReadings, type Batch, type SensorBlock } from '@fieldline/protocol';
import type { EpochTotals, Ledger } from '../ledger/ledger.ts';
import type { Draft, DraftContent, DraftMaker, SealedSensors } from './draft-maker.ts';
import type { MemoryQueue } from './memory-queue.ts';
import type { Outbox } from './outbox.ts';

/** What a time without a disk stands on. */
export interface DiskOutageParts {
  readonly maker: DraftMaker;
  readonly sensors: SealedSensors;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly memory: MemoryQueue;
}

/** Batches that one flush may seal in memory: an end of the loop. */
const batchesPerFlushMax = 64;

/**
 * A time in which the outbox cannot be written. Readings go on into batches of an epoch of their own, which wait in
 * memory. What the last durable batch may hold beside it in part (open windows, copies) stays with the durable
 * epoch until the disk is back: after a crash it is sent from there, and must not have been sent from memory too. So
 * each reading is in one epoch: nothing is open in either when the other takes over.
 */
export class DiskOutage {
  readonly #parts: DiskOutageParts;
  #isOn = false;
  /** What the durable epoch has still to say; at least one batch while the outage lasts. */
  #left: Draft[] = [];
  /** Taken from the pipelines, and not sealed in memory yet. */
  #taken: DraftContent[] = [];
  /** The account of the epoch that is not counted now. */
  #other = new Map<string, EpochTotals>();
  #count = 0;

  constructor(parts: DiskOutageParts) {
    this.#parts = parts;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** How many there have been. */
  get count(): number {
    return this.#count;
  }

  /**
   * The disk has failed, on the batch `failed` if on any: that may have come to it in part or whole, so it is tried again as it
   * is. `restored`: windows of the run before that are not sealed yet.
   */
  begin(failed: Draft | undefined, restored: readonly SensorBlock[]): void {
    const { maker, sensors, ledger } = this.#parts;
    this.#isOn = true;
    this.#count += 1;
    this.#left = failed ? [failed] : [];
    sensors.cut();
    const contents: DraftContent[] = [];
    let next = maker.take();
    for (; next.blocks.length > 0; next = maker.take()) contents.push(next);
    this.#taken = contents.map((each) => only(each, isMovable)).filter(({ blocks }) => blocks.length > 0);
    const staying = contents.map((each) => only(each, (block) => !isMovable(block)));
    const counts = countReadings({ sensors: this.#taken.flatMap(({ blocks }) => blocks) });
    for (const [name, count] of counts) ledger.stream(name).taken -= count;
    this.#leave([...staying, { blocks: [], configVersion: next.configVersion }], restored);
    this.#other = ledger.exchange(this.#other);
    for (const [name, count] of counts) ledger.stream(name).taken += count;
    this.seal(true);
  }

  /** Seals what waits in memory; as long as there is room, or `all` of it. The first batch may carry an anchor. */
  seal(all: boolean, anchor?: Batch['anchor']): void {
    const { maker, memory } = this.#parts;
    let placed = anchor;
    for (let sealed = 0; all || (sealed < batchesPerFlushMax && !memory.isFull); sealed++) {
      const content = this.#taken.shift() ?? maker.take();
      const behind = this.#taken.flatMap(({ blocks }) => blocks);
      const draft = maker.make(memory, { ...content, behind, anchor: placed });
      if (draft === undefined) return;
      placed = undefined;
      memory.seal(draft.batch);
    }
  }

  /** Seals content that no pipeline holds any more, whether or not there is room. */
  sealContent(content: DraftContent): void {
    const { maker, memory } = this.#parts;
    const draft = maker.make(memory, content);
    if (draft) memory.seal(draft.batch);
  }

  /** Tries the disk. If it takes what was left, the durable epoch goes on; rejects as `Outbox.seal` does. */
  async tryToEnd(): Promise<void> {
    const { outbox, sensors, ledger } = this.#parts;
    for (let next = this.#left[0]; next !== undefined; next = this.#left[0]) {
      await outbox.seal(next.batch, next.drops, next.open);
      this.#left.shift();
    }
    sensors.cut();
    this.seal(true);
    this.#other = ledger.exchange(this.#other);
    this.#isOn = false;
  }

  /** Brings what waits in memory to the outbox, under its own names; rejects as `Outbox.seal` does. */
  async handOver(): Promise<void> {
    const { memory, outbox } = this.#parts;
    for (let next = memory.oldest; next !== undefined; next = memory.oldest) {
      await outbox.adopt(next);
      memory.acknowledge(next.offset);
    }
  }

  /** Makes the batches that wait for the disk; one with the account alone where there is nothing else. */
  #leave(contents: readonly DraftContent[], restored: readonly SensorBlock[]): void {
    const { maker, outbox } = this.#parts;
    const { epoch } = outbox.state;
    contents.forEach((content, index) => {
      const behind = [...restored, ...contents.slice(index + 1).flatMap(({ blocks }) => blocks)];
      const nextSeq = outbox.nextSeq + this.#left.length;
      const isOnly = this.#left.length === 0 && index === contents.length - 1;
      if (content.blocks.length === 0 && index < contents.length - 1) return;
      const draft = maker.make({ epoch, nextSeq }, { ...content, behind, always: isOnly });
      if (draft) this.#left.push(draft);
    });
  }
}

/** No durable batch holds anything of these beside it. */
function isMovable(block: SensorBlock): boolean {
  return block.kind === 'gaps' || (block.kind === 'readings' && block.extra !== true);
}

function only(content: DraftContent, belongs: (block: SensorBlock) => boolean): DraftContent {
  return { ...content, blocks: content.blocks.filter(belongs) };
}
