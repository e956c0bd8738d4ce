import type { ClockQuality } from '@fieldline/protocol';

/** Where times come from. Passed in everywhere, so that tests choose the time. */
export interface Clock {
  /** Now, in integer microseconds since the Unix epoch, UTC. */
  nowUs(): number;
  /** How far `nowUs` can be trusted. */
  quality(): ClockQuality;
}

/** Wall clocks below this have never been set: devices without a battery start in 1970. */
export const clockFloorUs = Date.UTC(2020, 0, 1) * 1000;

/** A wall clock further than this from the running anchor was stepped, and is followed. */
const stepUs = 2000;

/**
 * The host's clock in microseconds. The wall clock has steps of a millisecond; in between, the monotonic
 * clock counts on from an anchor, so that two readings within a millisecond keep their order. The kernel's
 * NTP state cannot be read without a native module, so a clock above the floor counts as synced
 * (docs/decisions/0009-agent-clock-and-epochs.md).
 */
export function systemClock(): Clock {
  let anchorUs = Date.now() * 1000 - performance.now() * 1000;
  function nowUs(): number {
    const monotonicUs = performance.now() * 1000;
    const wallUs = Date.now() * 1000;
    const driftUs = wallUs - (anchorUs + monotonicUs);
    if (driftUs > stepUs || driftUs < -stepUs) anchorUs = wallUs - monotonicUs;
    return Math.floor(anchorUs + monotonicUs);
  }
  return { nowUs, quality: () => (nowUs() < clockFloorUs ? 'unset' : 'synced') };
}
