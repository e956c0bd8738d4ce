import { Type } from 'typebox';

/** `POST /api/v1/sinks/{name}/replay`: which entries of the journal the sink gets again. */
export const SinkReplayAnswer = Type.Object({
  sink: Type.String(),
  /** The first entry that it gets again. */
  fromOffset: Type.Integer(),
  /** The entry that came last so far; those that come later follow as always. */
  toOffset: Type.Integer(),
});
export type SinkReplayAnswer = Type.Static<typeof SinkReplayAnswer>;
