import type { PipelineStage } from '@fieldline/protocol';
import type { RunningSink } from '../parts.ts';
import { describeFailure, type SinkRunner } from './sink-runner.ts';

/** A runner as the API, the ledger and people see it. */
export function runningSink(runner: SinkRunner): RunningSink {
  return {
    name: runner.name,
    get offset() {
      return runner.offset;
    },
    stage: () => stageOf(runner),
    replay: runner.replay,
    replayFrom: (offset) => runner.replayFrom(offset),
    problem: () => (runner.failure ? describeFailure(runner.failure) : undefined),
  };
}

/**
 * Its capacity is the journal's, so it names none of its own. Utilization is the part of time spent writing; a sink that
 * waits for its store is full, so that the alert on stages tells of it.
 */
function stageOf(runner: SinkRunner): PipelineStage {
  const { statistics } = runner;
  return {
    name: runner.name,
    inPerSec: statistics.in.perSec(),
    outPerSec: statistics.out.perSec(),
    queued: runner.queued,
    capacity: null,
    utilization: runner.failure ? 1 : statistics.utilization,
    latencyMs: statistics.latency.quantiles(),
    errors: statistics.errors,
  };
}
