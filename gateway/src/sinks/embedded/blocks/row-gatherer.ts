import type { ReadingsField, WindowsBlock, WindowsField } from '@fieldline/protocol';
import { joinWindows, sortReadings, windowsOf } from './join-rows.ts';
import type { ReadingRows } from './readings.ts';
import type { WindowRows } from './windows.ts';

/** Room that a stream begins with, in readings. */
const initialRows = 256;

/** Readings of one stream as they come, from any number of batches. */
export class ReadingGatherer {
  #t = new Float64Array(initialRows);
  #v = new Float64Array(initialRows);
  #q: Uint8Array | null = null;
  #length = 0;

  /** Takes the readings that are there: NaN is absence. */
  add(times: Float64Array, { v, q }: ReadingsField): void {
    this.#reserve(times.length);
    let length = this.#length;
    for (let index = 0; index < times.length; index++) {
      const value = v[index]!;
      if (Number.isNaN(value)) continue;
      this.#t[length] = times[index]!;
      this.#v[length] = value;
      if (q?.[index]) this.#noteQuality(length, q[index]!);
      length += 1;
    }
    this.#length = length;
  }

  /** All of them in order of time; those of one time as they came. */
  rows(): ReadingRows {
    return sortReadings({
      t: this.#t.subarray(0, this.#length),
      v: this.#v.subarray(0, this.#length),
      q: this.#q?.subarray(0, this.#length) ?? null,
    });
  }

  #noteQuality(at: number, code: number): void {
    this.#q ??= new Uint8Array(this.#t.length);
    this.#q[at] = code;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#t.length) return;
    const room = Math.max(needed, this.#t.length * 2);
    this.#t = widened(this.#t, room);
    this.#v = widened(this.#v, room);
    if (!this.#q) return;
    const q = new Uint8Array(room);
    q.set(this.#q);
    this.#q = q;
  }
}

/** Windows of one stream and one kind as they come, from any number of batches. */
export class WindowGatherer {
  readonly #parts: WindowRows[] = [];

  /** Takes the windows that hold a reading. */
  add(block: WindowsBlock, field: WindowsField): void {
    const kept = Array.from(field.count.keys()).filter((index) => field.count[index]! > 0);
    if (kept.length === 0) return;
    const columns = { ...field, start: block.start, end: block.end };
    this.#parts.push(
      windowsOf(
        (name) => Float64Array.from(kept, (index) => columns[name][index]!),
        Uint8Array.from(kept, (index) => block.partial?.[index] ?? 0),
        kept.map((index) => field.sketch?.[index] ?? null),
      ),
    );
  }

  /** All of them in order of their starts. */
  rows(): WindowRows {
    return joinWindows(this.#parts);
  }
}

function widened(values: Float64Array, room: number): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(room);
  wider.set(values);
  return wider;
}
