import { Type } from 'typebox';
import { TimeUs } from '../names.ts';
import { DeviceSummary } from './device.ts';
import { StreamInfo } from './stream.ts';

const Values = Type.Array(Type.Union([Type.Number(), Type.Null()]));

/**
 * What a viewer sends on `WS /api/v1/live` (JSON text). Patterns are stream names in which each part may be
 * `*`; the pattern `*` alone stands for all. A new subscription replaces the old one. With `resume` the
 * gateway first sends what the viewer missed, or a fresh snapshot where it no longer has that.
 */
export const LiveRequest = Type.Object(
  {
    type: Type.Literal('subscribe'),
    streams: Type.Array(Type.String({ maxLength: 200 }), { maxItems: 1000 }),
    resume: Type.Optional(Type.Object({ session: Type.String(), seq: Type.Integer() })),
  },
  { additionalProperties: false },
);
export type LiveRequest = Type.Static<typeof LiveRequest>;

/** New readings of one stream: times in µs and values, null where one is absent. */
export const LiveReadings = Type.Object({
  stream: Type.String(),
  unit: Type.String(),
  t: Type.Array(TimeUs),
  v: Values,
});
export type LiveReadings = Type.Static<typeof LiveReadings>;

/** New windows of one stream; all columns have the length of `start`. */
export const LiveWindows = Type.Object({
  stream: Type.String(),
  unit: Type.String(),
  window: Type.String(),
  start: Type.Array(TimeUs),
  end: Type.Array(TimeUs),
  count: Type.Array(Type.Integer()),
  mean: Values,
  min: Values,
  max: Values,
});
export type LiveWindows = Type.Static<typeof LiveWindows>;

/** A new gap of one sensor: no readings from `from` to `to` (µs), and why. */
export const LiveGap = Type.Object({
  device: Type.String(),
  sensor: Type.String(),
  from: TimeUs,
  to: TimeUs,
  reason: Type.String(),
});
export type LiveGap = Type.Static<typeof LiveGap>;

/**
 * What the gateway sends. `session` names this run of the gateway and `seq` numbers its frames; both go
 * into `resume`. `snapshot` answers each subscription; `delta` carries what came since; `device` a changed
 * device; `lagging` says how many readings this slow viewer was not sent.
 */
export const LiveMessage = Type.Union([
  Type.Object({
    type: Type.Literal('snapshot'),
    session: Type.String(),
    seq: Type.Integer(),
    nowUs: TimeUs,
    devices: Type.Array(DeviceSummary),
    streams: Type.Array(StreamInfo),
  }),
  Type.Object({
    type: Type.Literal('delta'),
    seq: Type.Integer(),
    readings: Type.Array(LiveReadings),
    windows: Type.Array(LiveWindows),
    gaps: Type.Array(LiveGap),
  }),
  Type.Object({ type: Type.Literal('device'), seq: Type.Integer(), device: DeviceSummary }),
  Type.Object({ type: Type.Literal('lagging'), seq: Type.Integer(), skipped: Type.Integer() }),
]);
export type LiveMessage = Type.Static<typeof LiveMessage>;

/**
 * Sent to viewers of binary frames before a number first appears in one: `[number, stream, unit, window]`, the window null for
 * readings. Numbers hold for the session.
 */
export const LiveStreams = Type.Object({
  type: Type.Literal('streams'),
  seq: Type.Integer(),
  ids: Type.Array(
    Type.Tuple([Type.Integer(), Type.String(), Type.String(), Type.Union([Type.String(), Type.Null()])]),
  ),
});
export type LiveStreams = Type.Static<typeof LiveStreams>;
