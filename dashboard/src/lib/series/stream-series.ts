import type { LiveGap, LiveReadings, LiveWindows, QueryAnswer } from '@fieldline/protocol';
import type { Gap } from './gaps.ts';
import { addLateStretch } from './late-stretches.ts';
import { SeriesBuffer, type Point } from './series-buffer.ts';
import type { TimeSpan } from './time-span.ts';

/** Recorded gaps kept for one stream; the oldest go first. */
const mostGaps = 500;

/** What the arrival of live data means for who shows it. */
export type Arrival =
  /** It continues the series. */
  | 'appended'
  /** It belongs further back (a backlog drains): the history should be asked again. */
  | 'backfilled';

/** History and live data of one stream as one series. */
export class StreamSeries {
  readonly buffer: SeriesBuffer;
  gaps: Gap[] = [];
  /** Where readings came late, from a backlog, while this series was watched. */
  late: TimeSpan[] = [];

  constructor(capacityPoints?: number) {
    this.buffer = new SeriesBuffer(capacityPoints);
  }

  /**
   * Puts an answer of the query API, asked up to `toUs`, beneath the live points that are newer than it. The
   * last bucket ends where the question ended: drawn to its full length it would lie over what comes live.
   */
  applyHistory(answer: QueryAnswer, toUs = Infinity): void {
    const lastStart = answer.t.at(-1);
    const coveredToUs = lastStart === undefined ? -Infinity : Math.min(lastStart + answer.windowUs, toUs);
    const newer = this.#pointsFrom(coveredToUs, answer.windowUs === 0);
    this.buffer.clear();
    for (let index = 0; index < answer.t.length; index += 1) {
      const point = historyPoint(answer, index, toUs);
      if (point) this.buffer.push(point);
    }
    for (const point of newer) this.buffer.push(point);
    this.gaps = answer.gaps.map(([from, to, reason]): Gap => [from, to, reason]).slice(-mostGaps);
  }

  /** Appends raw readings; absent values (`null`) are passed over. */
  appendReadings(readings: LiveReadings): Arrival {
    let arrival: Arrival = 'appended';
    for (let index = 0; index < readings.t.length; index += 1) {
      const timeUs = readings.t[index];
      const value = readings.v[index];
      if (timeUs === undefined || value === undefined || value === null) continue;
      const point = { startUs: timeUs, endUs: timeUs, count: 1, mean: value, min: value, max: value };
      if (!this.#append(point)) arrival = 'backfilled';
    }
    return arrival;
  }

  /** Appends windows; those without a reading are passed over. */
  appendWindows(windows: LiveWindows): Arrival {
    let arrival: Arrival = 'appended';
    for (let index = 0; index < windows.start.length; index += 1) {
      const point = windowPoint(windows, index);
      if (point && !this.#append(point)) arrival = 'backfilled';
    }
    return arrival;
  }

  /** Records a gap. */
  appendGap(gap: LiveGap): void {
    this.gaps = [...this.gaps, [gap.from, gap.to, gap.reason] as const]
      .sort((a, b) => a[0] - b[0])
      .slice(-mostGaps);
  }

  /** False where the point lies before the newest; a point that the history already holds is no news. */
  #append(point: Point): boolean {
    const last = this.buffer.at(this.buffer.length - 1);
    if (last && point.startUs < last.startUs) {
      this.late = addLateStretch(this.late, { fromUs: point.startUs, toUs: point.endUs });
      return false;
    }
    if (last?.startUs === point.startUs && last.mean === point.mean) return true;
    return this.buffer.push(point);
  }

  #pointsFrom(coveredToUs: number, exclusive: boolean): Point[] {
    const points: Point[] = [];
    for (let index = 0; index < this.buffer.length; index += 1) {
      const point = this.buffer.at(index);
      if (!point) break;
      if (exclusive ? point.startUs > coveredToUs : point.startUs >= coveredToUs) points.push(point);
    }
    return points;
  }
}

function historyPoint(answer: QueryAnswer, index: number, toUs: number): Point | undefined {
  const startUs = answer.t[index];
  const mean = answer.mean[index];
  if (startUs === undefined || mean === undefined || mean === null) return undefined;
  return {
    startUs,
    endUs: Math.min(startUs + answer.windowUs, toUs),
    count: answer.count[index] ?? 1,
    mean,
    min: answer.min[index] ?? mean,
    max: answer.max[index] ?? mean,
  };
}

function windowPoint(windows: LiveWindows, index: number): Point | undefined {
  const startUs = windows.start[index];
  const endUs = windows.end[index];
  const mean = windows.mean[index];
  const count = windows.count[index] ?? 0;
  if (startUs === undefined || endUs === undefined || mean === undefined || mean === null || count === 0) {
    return undefined;
  }
  return { startUs, endUs, count, mean, min: windows.min[index] ?? mean, max: windows.max[index] ?? mean };
}
