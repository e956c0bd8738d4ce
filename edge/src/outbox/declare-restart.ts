import { countReadings, type SensorBlock } from '@fieldline/protocol';
import { newestReading, noReadingSince, type SensorPipeline } from '../aggregator/sensor-pipeline.ts';
import { clockFloorUs } from '../bindings/time-sources.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Start } from './first-start.ts';
import type { OutboxState } from './recover-state.ts';

/** What a restart is declared to. */
export interface RestartParts {
  readonly outbox: { readonly state: OutboxState; readonly closedCleanly: boolean };
  readonly ledger: Ledger;
  readonly pipelines: ReadonlyMap<string, SensorPipeline>;
  readonly nowUs: number;
  readonly bootId: string;
  /** When the run before started, where it was the first and sealed nothing. */
  readonly firstStart?: Start | undefined;
  /** Makes a gap of the time until the first reading of each sensor, since its line opens a little after the start. */
  awaitFirst?(fromUs: number, reason: string): void;
}

/**
 * Goes on with the account of the run before, and declares the time in between as a gap of every sensor: from
 * its newest reading that is kept to now, and from now to its first reading. Reason `restart` says that readings in memory may have been lost,
 * `stopped` that the agent had ended in order and nothing was taken.
 *
 * Answers the windows that were open at the last seal, as partial windows for the next batch: what they hold
 * survives, and the rest of each goes into another partial window of the same start.
 */
export function declareRestart(parts: RestartParts): readonly SensorBlock[] {
  const { outbox, ledger, pipelines, nowUs } = parts;
  const { lastBatch, renewed, open } = outbox.state;
  if (lastBatch === undefined) {
    declareLostStart(parts);
    return [];
  }
  const restored = open.filter(({ kind }) => kind !== 'gaps');
  const counts = countReadings({ ...lastBatch, sensors: restored });
  // In a new epoch the totals start from zero; those of the old one stay with its batches.
  if (renewed) for (const [name, count] of counts) ledger.stream(name).taken += count;
  else ledger.restore(lastBatch.ledger, counts);
  const reason = outbox.closedCleanly ? 'stopped' : 'restart';
  const newestUs = newestReadings(open);
  for (const [sensor, pipeline] of pipelines) {
    const fromUs = outbox.closedCleanly ? undefined : newestUs.get(sensor);
    const sentAtUs = bootTime(lastBatch.sentAt, lastBatch.bootId, parts);
    declare(pipeline, fromUs === undefined ? sentAtUs : Math.min(sentAtUs, fromUs + 1), { nowUs, reason });
  }
  parts.awaitFirst?.(nowUs, reason);
  return restored;
}

/** A first run that was killed before its first batch has left nothing but when it started. */
function declareLostStart(parts: RestartParts): void {
  const { outbox, firstStart, pipelines, nowUs } = parts;
  if (firstStart === undefined || outbox.closedCleanly) return;
  const sinceUs = bootTime(firstStart.atUs, firstStart.bootId, parts);
  for (const pipeline of pipelines.values()) declare(pipeline, sinceUs, { nowUs, reason: 'restart' });
  parts.awaitFirst?.(nowUs, 'restart');
}

/** Before the time is known the pipeline holds the gap, and places its end. */
function declare(pipeline: SensorPipeline, sinceUs: number, to: { nowUs: number; reason: string }): void {
  if (sinceUs < to.nowUs || to.nowUs < clockFloorUs) pipeline.gap(sinceUs, to.nowUs, to.reason);
}

/** Nobody can say any more when another boot was that did not know the time: before this one began. */
function bootTime(atUs: number, ofBoot: string, { bootId }: RestartParts): number {
  return atUs >= clockFloorUs || ofBoot === bootId ? atUs : 0;
}

/** The time of the newest reading of each sensor, or else since when there could have been one; µs UTC. */
function newestReadings(open: readonly SensorBlock[]): Map<string, number> {
  const newest = new Map<string, number>();
  for (const wanted of [noReadingSince, newestReading]) {
    for (const block of open) {
      const atUs = block.kind === 'gaps' && block.reason[0] === wanted ? block.to[0] : undefined;
      // Before the time was known it counted from the boot.
      if (atUs !== undefined && atUs >= clockFloorUs) newest.set(block.sensor, atUs);
    }
  }
  return newest;
}
