/** Time as the virtual sensors see it: injected, so that tests can drive it. */
export interface Clock {
  /** Microseconds since the Unix epoch, UTC. */
  nowUs(): number;
  /** Runs `action` after `delayMs` milliseconds; returns what cancels it. */
  after(delayMs: number, action: () => void): () => void;
}

const US_PER_MS = 1000;

/** The machine's own clock: monotonic within the process, anchored to the wall at its start. */
export const systemClock: Clock = {
  nowUs: () => Math.round((performance.timeOrigin + performance.now()) * US_PER_MS),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
