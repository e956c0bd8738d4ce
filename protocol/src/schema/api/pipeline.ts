import { Type } from 'typebox';

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** Milliseconds at three quantiles; null before the first measurement. */
export const LatencyMs = Type.Object({
  p50: Nullable(Type.Number()),
  p95: Nullable(Type.Number()),
  p99: Nullable(Type.Number()),
});
export type LatencyMs = Type.Static<typeof LatencyMs>;

/**
 * One stage of the drawing of the way of a reading. Rates and the queue count batches at every stage, so that
 * they can be compared; `latencyMs` is what a batch spends in this stage.
 */
export const PipelineStage = Type.Object({
  name: Type.String(),
  inPerSec: Type.Number(),
  outPerSec: Type.Number(),
  queued: Type.Integer(),
  capacity: Nullable(Type.Integer()),
  /** 0 to 1; null where the stage has no capacity of its own. */
  utilization: Nullable(Type.Number()),
  latencyMs: LatencyMs,
  errors: Type.Integer(),
});
export type PipelineStage = Type.Static<typeof PipelineStage>;

/**
 * `GET /api/v1/pipeline`. `latencyMs`: from the time of a reading (of a window: its end) to the place named: its batch was sealed in
 * the outbox, had arrived over the uplink, was durable in the journal, was in the primary store, was written to a viewer's
 * socket.
 */
export const PipelineAnswer = Type.Object({
  stages: Type.Array(PipelineStage),
  bottleneck: Nullable(Type.String()),
  latencyMs: Type.Object({
    sensorToOutbox: LatencyMs,
    sensorToUplink: LatencyMs,
    sensorToJournal: LatencyMs,
    sensorToStore: LatencyMs,
    sensorToSocket: LatencyMs,
  }),
});
export type PipelineAnswer = Type.Static<typeof PipelineAnswer>;
