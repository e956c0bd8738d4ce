/** Calls `work` every `everyMs` milliseconds; answers what ends it. */
export type Repeat = (everyMs: number, work: () => void) => () => void;

/** By a timer of the engine, which keeps no process alive. */
export function repeatByTimer(everyMs: number, work: () => void): () => void {
  const timer = setInterval(work, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
