import type { SensorBlock } from '@fieldline/protocol';
import type { Clock, TimeBase } from '../bindings/clock.ts';
import { clockFloorUs } from '../bindings/time-sources.ts';
import type { BurstSpan } from '../burst/sensor-bursts.ts';
import type { Columns } from '../drivers/driver.ts';
import { HeldBlocks } from './held-blocks.ts';
import { SensorPipeline, type SensorPipelineOptions } from './sensor-pipeline.ts';

/** Jumps forward up to this leave windows as they are: their readings still have the times of one clock. */
const smallStepUs = 1_000_000;
/** The reason of the gap that a jump forward leaves. */
export const clockStep = 'clock-step';

interface Gap {
  readonly fromUs: number;
  readonly toUs: number;
  readonly reason: string;
}

/**
 * A pipeline that follows the clock of the device. While the time is not known it holds what the driver
 * yields, and takes it at the right times once it is. When the clock jumps, the open windows are closed as
 * partial and windows begin anew: a reading after a jump back is not late, and a window that is seen twice
 * travels in two halves.
 */
export class TimedPipeline extends SensorPipeline {
  readonly #options: SensorPipelineOptions;
  readonly #clock: Clock;
  readonly #held = new HeldBlocks();
  #heldGaps: Gap[] = [];
  /** Takes the readings since the last jump; none before the first. */
  #successor: SensorPipeline | undefined;
  /** Pipelines from before a jump, until all of them is taken. */
  #ended: SensorPipeline[] = [];
  #generation: number;
  #isSet: boolean;

  constructor(options: SensorPipelineOptions, clock: Clock) {
    super(options);
    this.#options = options;
    this.#clock = clock;
    const { generation, offsetUs } = clock.base ?? neverJumps;
    this.#generation = generation;
    this.#isSet = offsetUs !== undefined;
  }

  override emit(t: Float64Array, columns: Columns, doubt?: string): void {
    const { offsetUs } = this.#follow();
    if (offsetUs === undefined) this.#held.hold(t, columns, this.#clock.nowUs(), doubt);
    else this.#forward(placed(t, offsetUs), columns, doubt);
  }

  override gap(fromUs: number, toUs: number, reason: string): void {
    const { offsetUs } = this.#follow();
    if (offsetUs === undefined) this.#heldGaps.push({ fromUs, toUs, reason });
    else this.#placeGap({ fromUs, toUs, reason }, offsetUs);
  }

  override interrupt(fromUs: number, toUs: number, reason: string): void {
    if (this.#follow().offsetUs === undefined || this.#successor === undefined) {
      super.interrupt(fromUs, toUs, reason);
    } else {
      this.#successor.interrupt(fromUs, toUs, reason);
    }
  }

  override burst(nowUs: number, quantity?: string): Record<string, BurstSpan> {
    return this.#successor ? this.#successor.burst(nowUs, quantity) : super.burst(nowUs, quantity);
  }

  override get pendingRows(): number {
    return this.#others().reduce((sum, each) => sum + each.pendingRows, super.pendingRows);
  }

  override closeDue(nowUs: number): void {
    this.#follow();
    if (this.#successor) this.#successor.closeDue(nowUs);
    else super.closeDue(nowUs);
  }

  override closeAll(nowUs: number): void {
    this.#follow();
    if (this.#successor) this.#successor.closeAll(nowUs);
    else super.closeAll(nowUs);
  }

  /**
   * Ends what is open here and now: open windows close as partial, and what comes later begins other halves of
   * them. What is held until the time is known stays.
   */
  cut(): void {
    const { offsetUs, newestUs } = this.#follow();
    if (offsetUs !== undefined) this.#beginAnew(Math.max(newestUs, this.#clock.nowUs()) + 1);
  }

  override take(): SensorBlock[] {
    const blocks = [...super.take(), ...this.#others().flatMap((each) => each.take())];
    this.#ended = this.#ended.filter((each) => each.pendingRows > 0);
    return blocks;
  }

  override peek(): SensorBlock[] {
    return [...super.peek(), ...this.#others().flatMap((each) => each.peek())];
  }

  override countOpen(open: Map<string, number>): void {
    super.countOpen(open);
    for (const each of this.#others()) each.countOpen(open);
  }

  /**
   * Removes and returns what can be held no longer although the time is not known: `all` of it, or what has grown
   * beyond its limit. One list of blocks a batch; their times count from the boot. Gaps that begin before this boot
   * stay: where they end is known with the time.
   */
  takeUnset(all: boolean): SensorBlock[][] {
    if (this.#follow().offsetUs !== undefined || !(all || this.#held.isFull)) return [];
    const pipeline = new SensorPipeline(this.#options);
    for (const { t, columns, arrivedUs, doubt } of this.#held.take())
      pipeline.emit(sinceBoot(t, arrivedUs), columns, doubt);
    pipeline.closeAll(Number.NEGATIVE_INFINITY);
    for (const { fromUs, toUs, reason } of this.#heldGaps) {
      if (fromUs < toUs) pipeline.gap(fromUs, toUs, reason);
    }
    this.#heldGaps = this.#heldGaps.filter(({ fromUs, toUs }) => fromUs > toUs);
    const batches: SensorBlock[][] = [];
    for (let blocks = pipeline.take(); blocks.length > 0; blocks = pipeline.take()) batches.push(blocks);
    return batches;
  }

  /** Brings the pipeline up to what the clock knows now. */
  #follow(): TimeBase {
    const base = this.#clock.base ?? neverJumps;
    if (base.generation === this.#generation) return base;
    const steps = base.generation - this.#generation;
    this.#generation = base.generation;
    if (!this.#isSet && base.offsetUs !== undefined) this.#release(base.offsetUs);
    else if (base.step !== undefined) this.#jump(base, steps);
    this.#isSet = base.offsetUs !== undefined;
    return base;
  }

  /** The time is known: takes what was held, at its right times. */
  #release(offsetUs: number): void {
    const startedAtUs = this.#options.startedAtUs;
    if (startedAtUs < clockFloorUs) {
      this.#successor = new SensorPipeline({ ...this.#options, startedAtUs: startedAtUs + offsetUs });
    }
    for (const { t, columns, doubt } of this.#held.take()) this.#forward(placed(t, offsetUs), columns, doubt);
    for (const gap of this.#heldGaps) this.#placeGap(gap, offsetUs);
    this.#heldGaps = [];
  }

  #jump({ step, newestUs }: TimeBase, steps: number): void {
    if (step === undefined) return;
    const jumpUs = step.toUs - step.fromUs;
    const isSmall = jumpUs <= smallStepUs && -jumpUs <= Math.min(smallStepUs, this.#options.latenessUs);
    if (steps === 1 && isSmall) return;
    const successor = this.#beginAnew(newestUs + 1);
    if (jumpUs > 0) successor.gap(step.fromUs, step.toUs, clockStep);
  }

  /** Windows that began before `startedAtUs` have another half in what came until now. */
  #beginAnew(startedAtUs: number): SensorPipeline {
    if (this.#successor) {
      this.#successor.closeAll(Number.NEGATIVE_INFINITY);
      this.#ended.push(this.#successor);
    } else {
      super.closeAll(Number.NEGATIVE_INFINITY);
    }
    this.#successor = new SensorPipeline({ ...this.#options, startedAtUs });
    return this.#successor;
  }

  #forward(t: Float64Array, columns: Columns, doubt: string | undefined): void {
    if (this.#successor) this.#successor.emit(t, columns, doubt);
    else super.emit(t, columns, doubt);
  }

  /** Bounds from before the time was known count from the boot. */
  #placeGap({ fromUs, toUs, reason }: Gap, offsetUs: number): void {
    const place = (atUs: number): number => (atUs < clockFloorUs ? atUs + offsetUs : atUs);
    const [from, to] = [place(fromUs), place(toUs)];
    if (from >= to) return;
    if (this.#successor) this.#successor.gap(from, to, reason);
    else super.gap(from, to, reason);
  }

  #others(): readonly SensorPipeline[] {
    return this.#successor ? [...this.#ended, this.#successor] : this.#ended;
  }
}

const neverJumps: TimeBase = { generation: 0, offsetUs: 0, newestUs: 0, step: undefined };

/** Times in UTC: those since the boot by the offset; a receiver's own times are that already. */
function placed(t: Float64Array, offsetUs: number): Float64Array {
  return t.length > 0 && t[0]! < clockFloorUs ? t.map((atUs) => atUs + offsetUs) : t;
}

/** Times since the boot: a receiver's own times by the arrival of the last. */
function sinceBoot(t: Float64Array, arrivedUs: number): Float64Array {
  const lastUs = t.at(-1) ?? 0;
  return lastUs < clockFloorUs ? t : t.map((atUs) => arrivedUs - (lastUs - atUs));
}
