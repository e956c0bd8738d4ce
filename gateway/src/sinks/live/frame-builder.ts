import {
  OneReadingBatch,
  type Batch,
  type LiveGap,
  type ReadingsBlock,
  type WindowsBlock,
} from '@fieldline/protocol';
import { rowWidth, type Frame } from './frame.ts';
import { FrameRows } from './frame-rows.ts';
import { LiveEntries } from './live-entries.ts';
import { NewestRows } from './newest-rows.ts';
import { TimeSamples } from './time-samples.ts';

/** Rows of one frame; what exceeds it is left out of the frame (never of the stores) and told as `lagging`. */
export const frameRowsMax = 50_000;

/** Gaps of one frame. */
const frameGapsMax = 5000;

/** Collects batches until the next display frame: one part a stream, however many batches brought it. */
export class FrameBuilder {
  readonly entries = new LiveEntries();
  readonly newest = new NewestRows();
  /** Times of live-lane rows since the last frame (of windows: the end), for the latency up to the socket. */
  readonly liveTimesUs = new TimeSamples();
  readonly #readings = new FrameRows(rowWidth.readings);
  readonly #windows = new FrameRows(rowWidth.windows);
  #gaps: LiveGap[] = [];
  /** Rows left out since the last frame. */
  skipped = 0;

  get empty(): boolean {
    return this.#rows === 0 && this.#gaps.length === 0;
  }

  add(batch: Batch): void {
    if (batch instanceof OneReadingBatch) {
      this.#addOne(batch);
      return;
    }
    const live = batch.lane === 'live';
    for (const block of batch.sensors) {
      if (block.kind === 'gaps') this.#addGaps(batch.device, block);
      else if (block.extra) continue;
      else if (block.kind === 'readings') this.#addReadings(batch.device, block, live);
      else this.#addWindows(batch.device, block, live);
    }
  }

  /** Makes the frame, whose columns hold until the next one is made, and starts that. */
  take(seq: number): Frame {
    const readings = this.#readings.take();
    const windows = this.#windows.take();
    this.newest.take(seq, readings);
    this.newest.take(seq, windows);
    const frame = { seq, readings, windows, gaps: this.#gaps };
    this.clear();
    return frame;
  }

  clear(): void {
    this.#readings.clear();
    this.#windows.clear();
    this.#gaps = [];
    this.liveTimesUs.clear();
    this.skipped = 0;
  }

  get #rows(): number {
    return this.#readings.length + this.#windows.length;
  }

  #addGaps(device: string, block: Extract<Batch['sensors'][number], { kind: 'gaps' }>): void {
    const { sensor } = block;
    for (let index = 0; index < block.reason.length && this.#gaps.length < frameGapsMax; index++) {
      this.#gaps.push({
        device,
        sensor,
        from: block.from[index]!,
        to: block.to[index]!,
        reason: block.reason[index]!,
      });
    }
  }

  #addOne({ outline, timeUs, value }: OneReadingBatch): void {
    const entry = this.entries.of(outline.device, outline.sensor)?.of(outline.quantity, outline.unit, null);
    if (!entry || this.#rows >= frameRowsMax) return void (this.skipped += 1);
    const rows = this.#readings;
    rows.reserve(1);
    const at = rows.length++;
    rows.ids[at] = entry.id;
    rows.columns[0]![at] = timeUs;
    rows.columns[1]![at] = value;
    if (outline.lane === 'live') this.liveTimesUs.take(timeUs);
  }

  #addReadings(device: string, { sensor, t, fields }: ReadingsBlock, live: boolean): void {
    const entries = this.entries.of(device, sensor);
    const rows = this.#readings;
    const lengthMax = frameRowsMax - this.#windows.length;
    for (const quantity in fields) {
      const { unit, v } = fields[quantity]!;
      const entry = entries?.of(quantity, unit, null);
      rows.reserve(Math.min(v.length, lengthMax - rows.length));
      const { ids } = rows;
      const times = rows.columns[0]!;
      const values = rows.columns[1]!;
      let at = rows.length;
      for (let index = 0; index < v.length; index++) {
        const value = v[index]!;
        if (Number.isNaN(value)) continue;
        if (!entry || at >= lengthMax) {
          this.skipped++;
          continue;
        }
        const timeUs = t[index]!;
        ids[at] = entry.id;
        times[at] = timeUs;
        values[at++] = value;
        if (live) this.liveTimesUs.take(timeUs);
      }
      rows.length = at;
    }
  }

  #addWindows(device: string, { sensor, window, start, end, fields }: WindowsBlock, live: boolean): void {
    const entries = this.entries.of(device, sensor);
    const rows = this.#windows;
    for (const quantity in fields) {
      const { unit, count, sum, min, max } = fields[quantity]!;
      const entry = entries?.of(quantity, unit, window);
      for (let index = 0; index < start.length; index++) {
        const readings = count[index]!;
        if (readings === 0) continue;
        if (!entry || this.#rows >= frameRowsMax) {
          this.skipped++;
          continue;
        }
        rows.reserve(1);
        const at = rows.length++;
        rows.ids[at] = entry.id;
        const { columns } = rows;
        columns[0]![at] = start[index]!;
        columns[1]![at] = end[index]!;
        columns[2]![at] = readings;
        columns[3]![at] = sum[index]! / readings;
        columns[4]![at] = min[index]!;
        columns[5]![at] = max[index]!;
        if (live) this.liveTimesUs.take(end[index]!);
      }
    }
  }
}
