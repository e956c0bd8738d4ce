import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Memory of a process that is in RAM now, bytes (proc(5)). */
export function residentBytes({ pid }: ChildProcess): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid ?? 0}/status`, 'utf8'));
  return Number(match?.[1] ?? Number.NaN) * 1024;
}
