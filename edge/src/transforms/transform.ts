import type { Columns } from '../drivers/driver.ts';

/** Counts readings under a reason: dropped ones, or marked ones. */
export type DropCounter = (reason: string, count: number) => void;

/** Where a stage accounts for what it does to readings. */
export interface Counts {
  /** Readings that the stage dropped: each is `filtered` in the ledger. */
  readonly drop: DropCounter;
  /** Readings that go on with a lesser quality. */
  readonly mark: DropCounter;
}

/** Readings of one stream, changed in place. All columns are of equal length. */
export interface Block {
  /** Times in µs UTC, in the order in which the driver yields them. */
  readonly t: Float64Array;
  /** Values; NaN where there is none: absent, or dropped by an earlier stage. */
  readonly v: Float64Array;
  /** Qualities (`qualityCodes`); only where a stage of the chain may mark readings. */
  readonly q?: Uint8Array;
}

/** A reading that a stage took out of an earlier block, and lets go now. */
export interface HeldReading {
  readonly tUs: number;
  readonly value: number;
  readonly quality: number;
}

/** The part of a stage that decides on a reading only when a later one comes. It holds one at most. */
export interface Holding {
  /** Readings held now: 0 or 1. They count as `open` in the ledger. */
  readonly held: number;
  /** What the last `apply` let go: it goes before the block's own readings. */
  takeReleased(): HeldReading | undefined;
  /** Lets go what has been held long enough at this time (µs UTC); at `Infinity` whatever there is. */
  releaseDue(nowUs: number): HeldReading | undefined;
}

/**
 * One stage between driver and aggregator, of one stream, with what it remembers. It works in place on a
 * block; a reading that it drops becomes NaN and is counted, so that nothing disappears without a reason.
 * Called in order, never concurrently. What it remembers lives in memory only: it is empty after a restart.
 */
export interface Transform {
  readonly name: string;
  apply(block: Block, counts: Counts): void;
  /** Sees the driver's whole block before any stage of any stream has changed it. */
  prepare?(t: Float64Array, columns: Columns): void;
  /** Forgets what it remembers: the source was interrupted. */
  reset?(): void;
  readonly holding?: Holding;
}

/** A stage as configured: makes a fresh one for each start of a sensor. */
export interface BoundTransform {
  readonly name: string;
  /** Whether it may lessen the quality of readings. */
  readonly marks: boolean;
  /** `columnOf`: the place of a quantity in the driver's blocks. */
  create(sensor: { columnOf(quantity: string): number | undefined }): Transform;
  /** The streams that are attached to this one; only of `join`. */
  readonly attachments?: readonly Attachment[];
}

/** A reading of another stream that is carried beside those of this one, as a stream of this sensor. */
export interface Attachment {
  /** The other stream, without the device: `position/lat`. */
  readonly source: string;
  /** What it is called here. */
  readonly quantity: string;
  /** How far the times of both may be apart, in microseconds. */
  readonly toleranceUs: number;
}
