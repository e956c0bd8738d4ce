import type { Columns } from '../drivers/driver.ts';
import type { RecentReadings } from './recent-readings.ts';
import type { SensorPipeline } from './sensor-pipeline.ts';

interface Turn {
  readonly pipeline: SensorPipeline;
  /** Readings before this time (µs UTC) belong to it. */
  readonly untilUs: number;
}

/**
 * Carries what one driver yields to the pipeline whose turn it is. After a change of configuration each
 * reading goes by its own time: before the change to the old pipeline, from then on to the new one, so that
 * none is lost or counted twice, however late or mixed the readings arrive.
 */
export class SensorFeed {
  readonly #recent: RecentReadings;
  #pipeline: SensorPipeline;
  #turns: Turn[] = [];
  #silence: { readonly fromUs: number; readonly reason: string } | undefined;

  constructor(pipeline: SensorPipeline, recent: RecentReadings) {
    this.#pipeline = pipeline;
    this.#recent = recent;
  }

  /** Takes a block of a driver; the arrays are used during the call only, and may be overwritten. */
  emit(t: Float64Array, columns: Columns, doubt?: string): void {
    if (this.#silence !== undefined && t.length > 0) this.#endSilence(this.#silence, t[0]!);
    this.#recent.append(t, columns);
    if (this.#turns.length === 0) this.#pipeline.emit(t, columns, doubt);
    else this.#emitByTime(t, columns, doubt);
  }

  /** Records that the source gave no readings from here to there (µs UTC). */
  gap(fromUs: number, toUs: number, reason: string): void {
    this.#pipeline.interrupt(fromUs, toUs, reason);
  }

  /** What is missed from here until the first reading becomes a gap, because. */
  awaitFirst(fromUs: number, reason: string): void {
    this.#silence = { fromUs, reason };
  }

  /** Gives the readings from `atUs` on to another pipeline. */
  switchAt(atUs: number, next: SensorPipeline): void {
    this.#turns.push({ pipeline: this.#pipeline, untilUs: atUs });
    this.#pipeline = next;
  }

  /** The turn of a pipeline is over: what comes late for it goes to its successor. */
  end(pipeline: SensorPipeline): void {
    this.#turns = this.#turns.filter((turn) => turn.pipeline !== pipeline);
  }

  #endSilence({ fromUs, reason }: { fromUs: number; reason: string }, firstUs: number): void {
    this.#silence = undefined;
    if (firstUs > fromUs) this.gap(fromUs, firstUs, reason);
  }

  #emitByTime(t: Float64Array, columns: Columns, doubt: string | undefined): void {
    let rest = { t, columns };
    for (const { pipeline, untilUs } of this.#turns) {
      const before = rest.t.reduce((count, each) => count + (each < untilUs ? 1 : 0), 0);
      if (before === 0) continue;
      if (before === rest.t.length) {
        pipeline.emit(rest.t, rest.columns, doubt);
        return;
      }
      const own = rowsWhere(rest, (tUs) => tUs < untilUs);
      rest = rowsWhere(rest, (tUs) => tUs >= untilUs);
      pipeline.emit(own.t, own.columns, doubt);
    }
    this.#pipeline.emit(rest.t, rest.columns, doubt);
  }
}

function rowsWhere(
  { t, columns }: { t: Float64Array; columns: Columns },
  belongs: (tUs: number) => boolean,
): { t: Float64Array; columns: Columns } {
  return {
    t: t.filter((tUs) => belongs(tUs)),
    columns: columns.map((column) => column?.filter((_value, row) => belongs(t[row]!))),
  };
}
