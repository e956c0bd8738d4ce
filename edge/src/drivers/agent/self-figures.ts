import type { Clock } from '../../bindings/clock.ts';
import { processFigures, type ProcessFigures } from '../../bindings/process-figures.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { SensorCounters } from '../sensor-host.ts';

/** What an agent knows of itself. Counters run from its start. */
export interface SelfFigures extends ProcessFigures {
  readonly diskBytesWritten: number;
  readonly readingsTaken: number;
  /** Batches that the gateway has not acknowledged, on the disk or in memory. */
  readonly queuedBatches: number;
  /** What the outbox takes on the disk, bytes. */
  readonly queuedBytes: number;
  /** How far the system's clock is ahead of the times of readings, microseconds; undefined while these are not known. */
  readonly clockOffsetUs: number | undefined;
  /** Openings of a port that failed, and frames that were discarded. */
  readonly serialErrors: number;
}

/** Where the figures come from. */
export interface SelfSources {
  readonly outbox: {
    readonly bytesWritten: number;
    readonly nextOffset: number;
    readonly firstWaiting: number;
    counters(): { readonly sizeBytes: number };
  };
  readonly memory: { readonly nextOffset: number; readonly firstWaiting: number };
  readonly ledger: Ledger;
  readonly sensors: { readonly hosts: ReadonlyMap<string, { counters(): SensorCounters }> };
  readonly clock: Clock;
  /** The clock of the system, microseconds since the Unix epoch. */
  readonly systemUs: () => number;
}

/** Gathers the figures as they are now. */
export function selfFigures({ outbox, memory, ledger, sensors, clock, systemUs }: SelfSources): SelfFigures {
  const totals = Object.values(ledger.snapshot(new Map()));
  return {
    ...processFigures(),
    diskBytesWritten: outbox.bytesWritten,
    readingsTaken: totals.reduce((sum, { taken }) => sum + taken, 0),
    queuedBatches: outbox.nextOffset - outbox.firstWaiting + memory.nextOffset - memory.firstWaiting,
    queuedBytes: outbox.counters().sizeBytes,
    clockOffsetUs: clock.quality() === 'unset' ? undefined : systemUs() - clock.nowUs(),
    serialErrors: [...sensors.hosts.values()].reduce((sum, host) => sum + errorsOf(host.counters()), 0),
  };
}

function errorsOf({ serial, discarded }: SensorCounters): number {
  const failed = serial.reduce((sum, line) => sum + line.failed, 0);
  return Object.values(discarded).reduce((sum, { frames }) => sum + frames, failed);
}
