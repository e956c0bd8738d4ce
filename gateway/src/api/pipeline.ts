import { PipelineAnswer, type PipelineStage } from '@fieldline/protocol';
import type { LiveHub } from '../sinks/live/live-hub.ts';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, type ApiRoute } from './route.ts';

/** Answers the pipeline as it is now. */
export type PipelineView = () => PipelineAnswer;

/** A stage is called the bottleneck from this utilization on; below it nothing holds anything up. */
const bottleneckUtilization = 0.5;

/** Joins what the stages say of themselves, in the order of the drawing. */
export function pipelineView(parts: GatewayParts, hub: LiveHub): PipelineView {
  const { sinks, way } = parts;
  return () => {
    const all = [...parts.stages(), ...sinks.sinks.map((sink) => sink.stage())];
    return {
      stages: all,
      bottleneck: bottleneckOf(all),
      latencyMs: {
        sensorToOutbox: way.outbox.quantiles(),
        sensorToUplink: way.uplink.quantiles(),
        sensorToJournal: way.journal.quantiles(),
        sensorToStore: sinks.sensorToStore.quantiles(),
        sensorToSocket: hub.sensorToSocket.quantiles(),
      },
    };
  };
}

/** The busiest stage, where one is busy; else null. */
export function bottleneckOf(stages: readonly PipelineStage[]): string | null {
  let busiest: PipelineStage | undefined;
  for (const stage of stages) {
    if ((stage.utilization ?? 0) > (busiest?.utilization ?? bottleneckUtilization)) busiest = stage;
  }
  return busiest?.name ?? null;
}

/** The stages that a reading passes, and how they fare. */
export function pipelineRoutes(view: PipelineView): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/pipeline',
      summary: 'Each stage with rate, queue, utilization and latency, and which one is the bottleneck now.',
      access: 'viewer',
      answer: {
        status: 200,
        description: 'The stages, in the order of the drawing.',
        schema: PipelineAnswer,
      },
      handle: () => json(view()),
    }),
  ];
}
