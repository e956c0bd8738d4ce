import type { ClockQuality } from '@fieldline/protocol';
import { DeviceClock } from './device-clock.ts';

/** Where times come from. Passed in everywhere, so that tests choose the time. */
export interface Clock {
  /** Now, in integer microseconds since the Unix epoch, UTC; while `quality` is `unset`, since the boot. */
  nowUs(): number;
  /** How far `nowUs` can be trusted. */
  quality(): ClockQuality;
  /** How times relate to those told before; without it the clock never jumps. */
  readonly base?: TimeBase;
  /** A sensor that receives satellite time says that it was `utcUs` when `nowUs` answered `atUs`. */
  hear?(sensor: string, utcUs: number, atUs: number): void;
}

/** What a clock knows of its own past. */
export interface TimeBase {
  /** Rises whenever the relation of the clock to the monotonic one has changed. */
  readonly generation: number;
  /** Microseconds from the boot's monotonic time to UTC; undefined as long as the time is not known. */
  readonly offsetUs: number | undefined;
  /** The newest time that was told, µs UTC: windows that begin before it may have another half. */
  readonly newestUs: number;
  /** The last jump: what was now, and what became of it; undefined before the first. */
  readonly step: { readonly fromUs: number; readonly toUs: number } | undefined;
}

/** The clock of this host, as an agent without settings of its own uses it. */
export function systemClock(): Clock {
  return new DeviceClock();
}
