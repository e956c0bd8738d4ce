/** Where the gateway takes the time from; tests give their own. */
export interface Clock {
  /** Microseconds since the Unix epoch, UTC. */
  nowUs(): number;
}

/** The host's wall clock. */
export const systemClock: Clock = { nowUs: () => Date.now() * 1000 };
