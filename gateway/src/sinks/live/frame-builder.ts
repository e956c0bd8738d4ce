import {
  OneReadingBatch,
  type Batch,
  type LiveGap,
  type ReadingsBlock,
  type WindowsBlock,
} from '@fieldline/protocol';
import { makeFrame, type Frame } from './frame.ts';
import { LiveEntries, type LiveEntry } from './live-entries.ts';

/** Rows of one frame; what exceeds it is left out of the frame (never of the stores) and told as `lagging`. */
export const frameRowsMax = 50_000;

/** Gaps of one frame. */
const frameGapsMax = 5000;

/** Collects batches until the next display frame: one part a stream, however many batches brought it. */
export class FrameBuilder {
  readonly entries = new LiveEntries();
  #touched: LiveEntry[] = [];
  #gaps: LiveGap[] = [];
  #liveTimesUs: number[] = [];
  #rows = 0;
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
      else if (!block.extra) {
        for (const quantity in block.fields) {
          if (block.kind === 'readings') this.#addReadings(batch.device, block, quantity, live);
          else this.#addWindows(batch.device, block, quantity, live);
        }
      }
    }
  }

  /** Makes the frame and starts the next one. */
  take(seq: number): Frame {
    const frame = makeFrame(this.#touched, {
      seq,
      gaps: this.#gaps,
      liveTimesUs: new Float64Array(this.#liveTimesUs),
    });
    for (const entry of this.#touched) entry.endFrame(seq);
    this.#begin();
    return frame;
  }

  clear(): void {
    for (const entry of this.#touched) entry.forgetRows();
    this.#begin();
  }

  #begin(): void {
    this.#touched = [];
    this.#gaps = [];
    this.#liveTimesUs = [];
    this.#rows = 0;
    this.skipped = 0;
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
    const { device, sensor, quantity, unit } = outline;
    const entry = this.entries.of(device, sensor, quantity, { unit, window: null });
    if (!entry) return void (this.skipped += 1);
    if (!this.#room()) return;
    if (entry.used === 0) this.#touched.push(entry);
    const at = entry.addRow();
    entry.rows[at] = timeUs;
    entry.rows[at + 1] = value;
    if (outline.lane === 'live') this.#liveTimesUs.push(timeUs);
  }

  #addReadings(device: string, block: ReadingsBlock, quantity: string, live: boolean): void {
    const { unit, v } = block.fields[quantity]!;
    const entry = this.entries.of(device, block.sensor, quantity, { unit, window: null });
    if (!entry) return void (this.skipped += v.length);
    if (entry.used === 0) this.#touched.push(entry);
    for (let index = 0; index < v.length; index++) {
      const value = v[index]!;
      if (Number.isNaN(value) || !this.#room()) continue;
      const at = entry.addRow();
      const time = block.t[index]!;
      entry.rows[at] = time;
      entry.rows[at + 1] = value;
      if (live) this.#liveTimesUs.push(time);
    }
    if (entry.used === 0) this.#touched.pop();
  }

  #addWindows(device: string, block: WindowsBlock, quantity: string, live: boolean): void {
    const field = block.fields[quantity]!;
    const { window, start, end } = block;
    const entry = this.entries.of(device, block.sensor, quantity, { unit: field.unit, window });
    if (!entry) return void (this.skipped += start.length);
    if (entry.used === 0) this.#touched.push(entry);
    for (let index = 0; index < start.length; index++) {
      const count = field.count[index]!;
      if (count === 0 || !this.#room()) continue;
      const at = entry.addRow();
      const { rows } = entry;
      rows[at] = start[index]!;
      rows[at + 1] = end[index]!;
      rows[at + 2] = count;
      rows[at + 3] = field.sum[index]! / count;
      rows[at + 4] = field.min[index]!;
      rows[at + 5] = field.max[index]!;
      if (live) this.#liveTimesUs.push(end[index]!);
    }
    if (entry.used === 0) this.#touched.pop();
  }

  #room(): boolean {
    if (this.#rows < frameRowsMax) {
      this.#rows++;
      return true;
    }
    this.skipped++;
    return false;
  }
}
