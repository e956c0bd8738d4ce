import { readFileSync } from 'node:fs';

/** The kernel counts processor time in these (sysconf(_SC_CLK_TCK) on Linux). */
const ticksPerSec = 100;

/** Processor time of a process so far, of all its threads, user and system (proc(5), fields 14 and 15). */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSec;
}

/** Memory of a process that is in RAM now, bytes (proc(5)). */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? Number.NaN) * 1024;
}
