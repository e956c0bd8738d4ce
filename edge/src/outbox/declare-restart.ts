import type { SensorPipeline } from '../aggregator/sensor-pipeline.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Outbox } from './outbox.ts';

/** What a restart is declared to. */
export interface RestartParts {
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly pipelines: ReadonlyMap<string, SensorPipeline>;
  readonly nowUs: number;
}

/**
 * Goes on with the account of the run before, and declares the time in between as a gap of every sensor: from
 * the last sealed batch to now. Reason `restart` says that readings in memory may have been lost, `stopped`
 * that the agent had ended in order and nothing was taken.
 */
export function declareRestart({ outbox, ledger, pipelines, nowUs }: RestartParts): void {
  const { lastBatch, renewed } = outbox.state;
  if (lastBatch === undefined) return;
  // In a new epoch the totals start from zero; those of the old one stay with its batches.
  if (!renewed) ledger.restore(lastBatch.ledger);
  const reason = outbox.closedCleanly ? 'stopped' : 'restart';
  if (lastBatch.sentAt >= nowUs) return;
  for (const pipeline of pipelines.values()) pipeline.gap(lastBatch.sentAt, nowUs, reason);
}
