import { FieldlineError, type ReadingsBlock } from '@fieldline/protocol';
import type { StreamCounters } from '../ledger/ledger.ts';
import type { BoundTransform } from '../transforms/transform.ts';
import type { BurstPlan } from './burst-plan.ts';
import { BurstRecorder } from './burst-recorder.ts';
import { withBurstTap } from './burst-tap.ts';

/** What the bursts of a stream need to know of it. */
export interface BurstStream {
  readonly quantity: string;
  readonly unit: string;
  readonly burst?: BurstPlan;
}

/** When a burst that was asked for begins and ends, µs UTC. */
export interface BurstSpan {
  readonly fromUs: number;
  readonly toUs: number;
}

/** The bursts of one sensor: a recorder a stream that is configured to have one. */
export class SensorBursts {
  readonly #streams: readonly BurstStream[];
  readonly #recorders: readonly (BurstRecorder | undefined)[];

  constructor(streams: readonly BurstStream[], counters: readonly StreamCounters[]) {
    this.#streams = streams;
    this.#recorders = streams.map(({ burst }, column) =>
      burst ? new BurstRecorder(burst, (event, count) => counters[column]?.note(event, count)) : undefined,
    );
  }

  /** The transforms of a stream, with its recorder among them where it has one. */
  tapped(column: number, transforms: readonly BoundTransform[]): readonly BoundTransform[] {
    const recorder = this.#recorders[column];
    return recorder ? withBurstTap(transforms, recorder) : transforms;
  }

  /** Samples of finished bursts that wait to be sealed. */
  get waitingRows(): number {
    return this.#recorders.reduce((sum, recorder) => sum + (recorder?.waitingRows ?? 0), 0);
  }

  /** Ends the bursts whose time is over. */
  closeDue(nowUs: number, latenessUs: number): void {
    for (const recorder of this.#recorders) recorder?.closeDue(nowUs, latenessUs);
  }

  /** Ends the bursts that are under way. */
  closeAll(): void {
    for (const recorder of this.#recorders) recorder?.closeAll();
  }

  /** Removes and returns what waits, at most a block of `maxRows` a stream; copies, so marked `extra`. */
  take(sensor: string, type: string, maxRows: number): ReadingsBlock[] {
    return this.#recorders.flatMap((recorder, column) => {
      const burst = recorder?.take(maxRows);
      const stream = this.#streams[column];
      if (burst === undefined || stream === undefined) return [];
      const { quantity, unit } = stream;
      const fields = { [quantity]: { unit, v: burst.v } };
      return [{ sensor, type, kind: 'readings' as const, t: burst.t, fields, extra: true }];
    });
  }

  /**
   * Begins a burst of a stream now, or of all that have one. Answers by quantity when each begins and ends. Throws
   * FieldlineError `SOURCE_NO_BURST` where none has a ring, or none has room.
   */
  trigger(nowUs: number, quantity?: string): Record<string, BurstSpan> {
    const spans: Record<string, BurstSpan> = {};
    this.#streams.forEach((stream, column) => {
      if (quantity !== undefined && stream.quantity !== quantity) return;
      const span = this.#recorders[column]?.triggerNow(nowUs);
      if (span) spans[stream.quantity] = span;
    });
    if (Object.keys(spans).length === 0) {
      throw new FieldlineError('SOURCE_NO_BURST', { subject: quantity ?? 'sensor' });
    }
    return spans;
  }
}
