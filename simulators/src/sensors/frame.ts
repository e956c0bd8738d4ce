/** One value of a quantity, or the values of a block of samples in the order in which they were taken. */
export type Readings = Readonly<Record<string, number | readonly number[]>>;

/** What a sensor says at once: a line, an epoch of sentences, a packet. */
export interface Frame {
  readonly bytes: Uint8Array;
  /** What a right reader makes of it: the oracle of tests. */
  readonly readings: Readings;
  /** Why a reader should make nothing of it; absent for an honest frame. */
  readonly fault?: 'garbage' | 'garbled';
}

/** A virtual sensor: gives frames for ever, each with the time until the next. */
export interface Sensor {
  readonly kind: 'thermometer' | 'gnss' | 'adc';
  next(): { readonly frame: Frame; readonly untilNextMs: number };
  /** The frame that says `value` at once (`value 31.7` of the control); absent where that makes no sense. */
  say?(value: number): Frame;
  /** Ends a piece of garbage, so that it cannot melt into the honest frame behind it. */
  readonly terminator: Uint8Array;
}
