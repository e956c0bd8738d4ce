/** What this process has used of the machine. */
export interface ProcessFigures {
  /** Processor time of all its threads since its start, microseconds. */
  readonly cpuUs: number;
  /** Memory that is in RAM now, bytes. */
  readonly residentBytes: number;
}

/** Asks the kernel for them (getrusage(2), proc(5)). */
export function processFigures(): ProcessFigures {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, residentBytes: process.memoryUsage.rss() };
}
