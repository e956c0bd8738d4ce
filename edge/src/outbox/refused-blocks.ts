import { countReadings, type SensorBlock } from '@fieldline/protocol';
import type { Ledger } from '../ledger/ledger.ts';
import { blockTimes, outboxFull } from './choose-drops.ts';
import type { SealedSensors } from './draft-maker.ts';

interface Gap {
  readonly fromUs: number;
  readonly toUs: number;
  readonly reason: string;
}

/** Gaps of one sensor that wait for room; the last one grows instead of one more. */
const gapsMax = 1000;

/** What an outbox that keeps its oldest batches has no room for: counted as lost, and declared later as gaps. */
export class RefusedBlocks {
  readonly #gaps = new Map<string, Gap[]>();

  /** Counts the readings of blocks as lost, and remembers their times. */
  refuse(blocks: readonly SensorBlock[], ledger: Ledger): void {
    for (const [name, count] of countReadings({ sensors: blocks }))
      ledger.stream(name).lose(outboxFull, count);
    for (const block of blocks) this.#note(block);
  }

  /** There is room again: gives the gaps to their sensors. */
  declare(sensors: SealedSensors): void {
    for (const [sensor, gaps] of this.#gaps) {
      for (const { fromUs, toUs, reason } of gaps) sensors.pipeline(sensor)?.gap(fromUs, toUs, reason);
    }
    this.#gaps.clear();
  }

  #note(block: SensorBlock): void {
    const gaps = this.#gaps.get(block.sensor) ?? [];
    this.#gaps.set(block.sensor, gaps);
    if (block.kind === 'gaps') {
      block.reason.forEach((reason, row) =>
        push(gaps, { fromUs: block.from[row] ?? 0, toUs: block.to[row] ?? 0, reason }),
      );
      return;
    }
    const [fromUs, toUs] = blockTimes(block);
    if (fromUs !== undefined && toUs !== undefined) push(gaps, { fromUs, toUs, reason: outboxFull });
  }
}

/** Times that follow one another for the same reason are one gap. */
function push(gaps: Gap[], gap: Gap): void {
  const last = gaps.at(-1);
  if (last === undefined || (last.reason !== gap.reason && gaps.length < gapsMax)) {
    gaps.push(gap);
    return;
  }
  gaps[gaps.length - 1] = {
    fromUs: Math.min(last.fromUs, gap.fromUs),
    toUs: Math.max(last.toUs, gap.toUs),
    reason: last.reason,
  };
}
