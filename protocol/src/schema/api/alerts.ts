import { Type } from 'typebox';
import { Name, TimeUs } from '../names.ts';
import { AlertRuleDraft, AlertSeverity } from './alert-rule.ts';

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const closed = { additionalProperties: false } as const;

/** `pending`: the condition holds, and has not held for `for` yet. `firing`: it has. `resolved`: it is over. */
export const AlertState = Type.Union([
  Type.Literal('pending'),
  Type.Literal('firing'),
  Type.Literal('resolved'),
]);
export type AlertState = Type.Static<typeof AlertState>;

/** One occurrence of a rule's condition at one subject, from its beginning to its end. */
export const Alert = Type.Object({
  /** Numbers of one gateway, rising. */
  id: Type.Integer(),
  rule: Type.String(),
  /** Name, severity and kind as the rule had them when it began. */
  name: Type.String(),
  severity: AlertSeverity,
  kind: Type.String(),
  /** A stream, `device/sensor`, a device, or a stage. */
  subject: Type.String(),
  state: AlertState,
  /** When the condition began to hold. Of readings: their own time. */
  sinceUs: TimeUs,
  firedAtUs: Nullable(TimeUs),
  resolvedAtUs: Nullable(TimeUs),
  /** The newest figure that was held against the limit, and its unit. */
  value: Nullable(Type.Number()),
  unit: Nullable(Type.String()),
  /** One sentence for people. */
  message: Type.String(),
  acknowledged: Nullable(Type.Object({ by: Type.String(), atUs: TimeUs, note: Nullable(Type.String()) })),
  /** A silence covers it now: it is shown, and nothing is sent. */
  silenced: Type.Boolean(),
  /** Found in readings of a backlog: it tells of the past. */
  late: Type.Boolean(),
});
export type Alert = Type.Static<typeof Alert>;

/** Nothing is sent of what it covers, until then. Null covers every rule, or every subject. */
export const AlertSilence = Type.Object({
  id: Type.Integer(),
  rule: Nullable(Type.String()),
  subject: Nullable(Type.String()),
  untilUs: TimeUs,
  by: Type.String(),
  createdAtUs: TimeUs,
  reason: Nullable(Type.String()),
});
export type AlertSilence = Type.Static<typeof AlertSilence>;

/** `GET /api/v1/alerts`: what is pending or firing, the newest first, and the silences that last. */
export const AlertsAnswer = Type.Object({
  nowUs: TimeUs,
  alerts: Type.Array(Alert),
  silences: Type.Array(AlertSilence),
});
export type AlertsAnswer = Type.Static<typeof AlertsAnswer>;

/** `GET /api/v1/alerts/history`: what fired, the newest first, resolved or not. */
export const AlertHistoryAnswer = Type.Object({ alerts: Type.Array(Alert) });
export type AlertHistoryAnswer = Type.Static<typeof AlertHistoryAnswer>;

/** `POST /api/v1/alerts/{id}/acknowledge`: somebody has seen it; it is not sent again until it is over. */
export const AlertAcknowledgement = Type.Object(
  { note: Type.Optional(Type.String({ maxLength: 500 })) },
  closed,
);
export type AlertAcknowledgement = Type.Static<typeof AlertAcknowledgement>;

/** `POST /api/v1/alerts/silences`: for so many seconds from now, up to a year. */
export const AlertSilenceDraft = Type.Object(
  {
    rule: Type.Optional(Name),
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    forSeconds: Type.Integer({ minimum: 1, maximum: 31_536_000 }),
    reason: Type.Optional(Type.String({ maxLength: 500 })),
  },
  closed,
);
export type AlertSilenceDraft = Type.Static<typeof AlertSilenceDraft>;

/** One message about one alert to one channel, with every attempt to send it. */
export const AlertDelivery = Type.Object({
  id: Type.Integer(),
  alert: Type.Integer(),
  channel: Type.String(),
  event: Type.Union([Type.Literal('firing'), Type.Literal('resolved'), Type.Literal('test')]),
  /** `waiting`: it will be tried (again). `failed`: the deadline has passed, or the peer refuses it for good. */
  state: Type.Union([Type.Literal('waiting'), Type.Literal('delivered'), Type.Literal('failed')]),
  createdAtUs: TimeUs,
  /** When it will be given up. */
  deadlineUs: TimeUs,
  attempts: Type.Array(Type.Object({ atUs: TimeUs, ok: Type.Boolean(), detail: Type.String() })),
});
export type AlertDelivery = Type.Static<typeof AlertDelivery>;

/** `GET /api/v1/alerts/deliveries`: the newest first. */
export const AlertDeliveriesAnswer = Type.Object({ deliveries: Type.Array(AlertDelivery) });
export type AlertDeliveriesAnswer = Type.Static<typeof AlertDeliveriesAnswer>;

/** `POST /api/v1/alerts/rules/test`: what a rule would have done, microseconds UTC. */
export const AlertTestRequest = Type.Object({ rule: AlertRuleDraft, fromUs: TimeUs, toUs: TimeUs }, closed);
export type AlertTestRequest = Type.Static<typeof AlertTestRequest>;

/**
 * When the rule would have fired, by the evaluator that works live. `toUs` is null where it would fire still at the
 * end. `windowUs`: the coarsest history it was tried on, 0 for raw readings.
 */
export const AlertTestAnswer = Type.Object({
  intervals: Type.Array(
    Type.Object({
      subject: Type.String(),
      sinceUs: TimeUs,
      firedAtUs: TimeUs,
      toUs: Nullable(TimeUs),
      /** The figure when it fired. */
      value: Nullable(Type.Number()),
    }),
  ),
  subjects: Type.Integer(),
  readings: Type.Integer(),
  windowUs: Type.Integer(),
  /** There were more subjects, or more intervals, than one answer holds. */
  truncated: Type.Boolean(),
});
export type AlertTestAnswer = Type.Static<typeof AlertTestAnswer>;
