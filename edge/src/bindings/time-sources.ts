import { existsSync } from 'node:fs';

/** Wall clocks below this have never been set: devices without a battery start in 1970. */
export const clockFloorUs = Date.UTC(2020, 0, 1) * 1000;

/** Whether the wall clock is disciplined: by the evidence of files, since Node cannot ask the kernel. */
export type SyncEvidence =
  /** A time service says that it has set the clock. */
  | 'synced'
  /** A time service runs and has not set it yet. */
  | 'waiting'
  /** Nobody says anything. */
  | 'none';

/** What a device clock reads. */
export interface TimeSources {
  /** The wall clock, µs UTC, in steps of a millisecond. */
  wallUs(): number;
  /** Microseconds since the boot; never jumps, and is the same in every process of one boot. */
  monotonicUs(): number;
  /** Asked at most once a second. */
  evidence(): SyncEvidence;
}

/** systemd-timesyncd makes the file when it has set the clock, in a folder that exists while it runs. */
const timesyncFolder = '/run/systemd/timesync';

/**
 * The clocks of the host. `syncedFile`: a file that exists once the time is right, for hosts on which another
 * service than systemd-timesyncd sets it (`chronyc waitsync && touch FILE`).
 */
export function systemTimeSources(syncedFile?: string): TimeSources {
  return {
    wallUs: () => Date.now() * 1000,
    monotonicUs: () => Number(process.hrtime.bigint() / 1000n),
    evidence: () => {
      if (syncedFile !== undefined) return existsSync(syncedFile) ? 'synced' : 'waiting';
      if (existsSync(`${timesyncFolder}/synchronized`)) return 'synced';
      return existsSync(timesyncFolder) ? 'waiting' : 'none';
    },
  };
}
