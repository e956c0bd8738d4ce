import { Type } from 'typebox';
import { TimeUs } from '../names.ts';

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** One stream with its newest value (of a window: the mean, at the window's end). */
export const StreamInfo = Type.Object({
  stream: Type.String({ description: 'device/sensor/quantity' }),
  device: Type.String(),
  sensor: Type.String(),
  type: Type.String(),
  quantity: Type.String(),
  unit: Type.String(),
  kind: Type.Union([Type.Literal('readings'), Type.Literal('windows')]),
  /** The configured window; null for raw readings. */
  window: Nullable(Type.String()),
  lastT: Nullable(TimeUs),
  lastValue: Nullable(Type.Number()),
});
export type StreamInfo = Type.Static<typeof StreamInfo>;

/** `GET /api/v1/streams`. */
export const StreamsAnswer = Type.Object({ streams: Type.Array(StreamInfo) });
export type StreamsAnswer = Type.Static<typeof StreamsAnswer>;
