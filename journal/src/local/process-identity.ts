import { readFileSync } from 'node:fs';

/** Names one run of one process, so that a pid that was given out again is not taken for the old process. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start of the process in clock ticks since boot (proc(5), stat field 22); empty where there is no /proc. */
  readonly startTicks: string;
  /** First digits of the kernel's random id of this boot; empty where there is no /proc. */
  readonly bootId: string;
}

/** Of this process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicksOf(process.pid), bootId: bootId() };
}

/** Whether the process so named still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  if (!answersSignals(identity.pid)) return false;
  return startTicksOf(identity.pid) === identity.startTicks;
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // EPERM: it runs, as another user.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM';
  }
}

function startTicksOf(pid: number): string {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets, which may hold blanks and brackets itself.
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return afterName[19] ?? '';
}

function bootId(): string {
  return readOrEmpty('/proc/sys/kernel/random/boot_id').slice(0, 8);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
