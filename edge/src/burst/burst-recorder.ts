import type { BurstPlan } from './burst-plan.ts';
import { SampleRing } from './sample-ring.ts';
import { createTrigger, type Trigger } from './trigger.ts';

/** Samples of one stream's bursts that may be captured and not yet sealed; each costs 16 bytes. */
export const pendingBurstSamplesMax = 500_000;

/** What happened: `burst-triggers`, and what could not be as asked for. */
export type BurstEvent =
  /** A trigger that began a burst. */
  | 'burst-triggers'
  /** A trigger within a burst, which goes on for longer by it. */
  | 'burst-extended'
  /** A trigger that found no room: `pendingBurstSamplesMax` wait. */
  | 'burst-suppressed'
  /** A burst that ended early for want of room. */
  | 'burst-truncated'
  /** A burst whose beginning the ring held no more. */
  | 'burst-ring-short';

/** Samples of a burst, in the order in which they were taken. */
export interface BurstSamples {
  readonly t: Float64Array;
  readonly v: Float64Array;
}

interface Capture {
  t: Float64Array;
  v: Float64Array;
  rows: number;
  endUs: number;
}

/**
 * Keeps the newest samples of one stream in a ring, and copies out those from `before` a trigger to `after` it:
 * each sample once, complete and in order. A trigger while a burst lasts makes it last longer.
 */
export class BurstRecorder {
  readonly #plan: BurstPlan;
  readonly #ring: SampleRing;
  readonly #trigger: Trigger | undefined;
  readonly #note: (event: BurstEvent, count: number) => void;
  #capture: Capture | undefined;
  #waiting: BurstSamples[] = [];
  #waitingRows = 0;
  /** Samples before this number are in a burst already. */
  #capturedTo = 0;

  constructor(plan: BurstPlan, note: (event: BurstEvent, count: number) => void) {
    this.#plan = plan;
    this.#note = note;
    this.#ring = new SampleRing(plan.ringSamples);
    this.#trigger = plan.trigger && createTrigger(plan.trigger);
  }

  /** Takes a block: times in µs UTC and values, which are copied. */
  record(t: Float64Array, v: Float64Array): void {
    let from = 0;
    let hit = this.#trigger ? this.#trigger.find(t, v, 0) : v.length;
    for (;;) {
      this.#take(t, v, from, hit);
      if (hit >= v.length || this.#trigger === undefined) return;
      this.#fire(t[hit]!);
      from = hit;
      hit = this.#trigger.find(t, v, hit + 1);
    }
  }

  /** Triggers now, by command: at the newest sample. Answers when the burst begins and ends (µs UTC). */
  triggerNow(nowUs: number): { readonly fromUs: number; readonly toUs: number } | undefined {
    const atUs = this.#ring.newestUs ?? nowUs;
    if (!this.#fire(atUs)) return undefined;
    return { fromUs: atUs - this.#plan.beforeUs, toUs: this.#capture?.endUs ?? atUs };
  }

  /** Ends a burst whose time is over although no sample came that would have ended it. */
  closeDue(nowUs: number, latenessUs: number): void {
    if (this.#capture !== undefined && this.#capture.endUs + latenessUs <= nowUs) this.#finish();
  }

  /** Ends a burst that is under way. */
  closeAll(): void {
    this.#finish();
  }

  /** Samples of finished bursts that wait to be sealed. */
  get waitingRows(): number {
    return this.#waitingRows;
  }

  /**
   * Removes and returns the oldest samples that wait, of one burst, at most `maxRows`; undefined if none do. Of a burst
   * under way those captured so far, so that a crash takes no more of it than of anything else.
   */
  take(maxRows: number): BurstSamples | undefined {
    if (this.#waiting.length === 0) this.#handOver();
    const [burst] = this.#waiting;
    if (burst === undefined) return undefined;
    const rows = Math.min(maxRows, burst.t.length);
    this.#waitingRows -= rows;
    if (rows === burst.t.length) this.#waiting.shift();
    else this.#waiting[0] = { t: burst.t.subarray(rows), v: burst.v.subarray(rows) };
    return { t: burst.t.slice(0, rows), v: burst.v.slice(0, rows) };
  }

  #take(t: Float64Array, v: Float64Array, from: number, to: number): void {
    const capture = this.#capture;
    if (capture !== undefined) {
      let end = from;
      while (end < to && t[end]! <= capture.endUs) end += 1;
      const isWhole = this.#copy(capture, t, v, from, end);
      if (isWhole) this.#capturedTo = this.#ring.written + end - from;
      if (end < to || !isWhole) this.#finish();
    }
    this.#ring.append(t, v, from, to);
  }

  /** Begins a burst, or lets the one under way last longer; false where there is no room. */
  #fire(atUs: number): boolean {
    const { beforeUs, afterUs } = this.#plan;
    const endUs = atUs + afterUs;
    if (this.#capture !== undefined && atUs <= this.#capture.endUs) {
      this.#capture.endUs = Math.max(this.#capture.endUs, endUs);
      this.#note('burst-extended', 1);
      return true;
    }
    this.#finish();
    const first = this.#ring.firstSince(atUs - beforeUs, this.#capturedTo);
    if (this.#waitingRows + this.#ring.written - first >= pendingBurstSamplesMax) {
      this.#note('burst-suppressed', 1);
      return false;
    }
    this.#note('burst-triggers', 1);
    const isRingShort = first > this.#capturedTo && first === this.#ring.written - this.#ring.capacity;
    if (isRingShort) this.#note('burst-ring-short', 1);
    const capture: Capture = { t: new Float64Array(0), v: new Float64Array(0), rows: 0, endUs };
    this.#ring.read(first, (t, v) => this.#copy(capture, t, v, 0, t.length));
    this.#capturedTo = this.#ring.written;
    this.#capture = capture;
    return true;
  }

  /** Copies rows into a burst; false where they do not fit. */
  #copy(capture: Capture, t: Float64Array, v: Float64Array, from: number, to: number): boolean {
    const room = pendingBurstSamplesMax - this.#waitingRows - capture.rows;
    if (to - from > room) {
      this.#note('burst-truncated', 1);
      return false;
    }
    const rows = capture.rows + to - from;
    if (rows > capture.t.length) {
      const capacity = Math.min(pendingBurstSamplesMax, Math.max(rows, 2 * capture.t.length, 256));
      capture.t = grown(capture.t, capacity);
      capture.v = grown(capture.v, capacity);
    }
    capture.t.set(t.subarray(from, to), capture.rows);
    capture.v.set(v.subarray(from, to), capture.rows);
    capture.rows = rows;
    return true;
  }

  #finish(): void {
    this.#handOver();
    this.#capture = undefined;
  }

  /** What a burst has captured so far waits to be sealed; the burst goes on. */
  #handOver(): void {
    const capture = this.#capture;
    if (capture === undefined || capture.rows === 0) return;
    this.#waiting.push({ t: capture.t.slice(0, capture.rows), v: capture.v.slice(0, capture.rows) });
    this.#waitingRows += capture.rows;
    capture.rows = 0;
  }
}

function grown(column: Float64Array, capacity: number): Float64Array {
  const larger = new Float64Array(capacity);
  larger.set(column);
  return larger;
}
