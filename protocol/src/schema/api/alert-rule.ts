import { Type } from 'typebox';
import { Name } from '../names.ts';

const closed = { additionalProperties: false } as const;

/** A duration with its unit: `0s`, `30s`, `5m`. */
const Duration = (description: string) =>
  Type.String({ pattern: '^\\d{1,15}(\\.\\d{1,9})?(d|h|m|s|ms|us)$', description });

const Streams = Type.String({
  pattern: '^(\\*|[a-z0-9*_-]{1,63}/[a-z0-9*_-]{1,63}/[a-z0-9*_-]{1,63})$',
  description: 'Stream pattern: each part may be `*`; `*` alone stands for all',
});

const Devices = Type.String({
  pattern: '^(\\*|[a-z0-9][a-z0-9-]{0,62})$',
  description: 'A device id, or `*` for all',
});

/**
 * The value is beyond `limit` (by `is`); over only when it is back within `clear`, which is `limit` where absent. Of
 * a window the figure named by `of` counts, at the window's end; the mean where absent.
 */
export const ThresholdCondition = Type.Object(
  {
    kind: Type.Literal('threshold'),
    streams: Streams,
    is: Type.Union([Type.Literal('above'), Type.Literal('below')]),
    limit: Type.Number(),
    clear: Type.Optional(Type.Number({ description: 'Hysteresis: over when the value is back within this' })),
    of: Type.Optional(Type.Union([Type.Literal('mean'), Type.Literal('min'), Type.Literal('max')])),
  },
  closed,
);

/** The value changes faster than `limitPerSec` (its unit a second), over the last `over`; `clearPerSec` as `clear`. */
export const RateCondition = Type.Object(
  {
    kind: Type.Literal('rate'),
    streams: Streams,
    is: Type.Union([Type.Literal('rising'), Type.Literal('falling'), Type.Literal('changing')]),
    limitPerSec: Type.Number({ exclusiveMinimum: 0 }),
    clearPerSec: Type.Optional(Type.Number({ minimum: 0 })),
    over: Duration('The change is taken over this time'),
  },
  closed,
);

/** The stream gives nothing newer for `after`: by the gateway's clock, since nothing arrives to tell. */
export const NoDataCondition = Type.Object(
  { kind: Type.Literal('no-data'), streams: Streams, after: Duration('Silence that is too long') },
  closed,
);

/** The gateway has heard nothing at all of the device for `after`. */
export const SilentDeviceCondition = Type.Object(
  { kind: Type.Literal('silent-device'), devices: Devices, after: Duration('Silence that is too long') },
  closed,
);

/** The value has stayed within `tolerance` (its unit, 0 where absent) of one value for `after`. */
export const StuckCondition = Type.Object(
  {
    kind: Type.Literal('stuck'),
    streams: Streams,
    after: Duration('Sameness that is too long'),
    tolerance: Type.Optional(Type.Number({ minimum: 0 })),
  },
  closed,
);

const Latitude = Type.Number({ minimum: -90, maximum: 90 });
const Longitude = Type.Number({ minimum: -180, maximum: 180 });

/** Degrees, WGS 84. A polygon is closed by itself and must not hold a pole or cross the antimeridian. */
export const Fence = Type.Union([
  Type.Object(
    {
      shape: Type.Literal('circle'),
      lat: Latitude,
      lon: Longitude,
      radiusM: Type.Number({ exclusiveMinimum: 0, maximum: 20_000_000 }),
    },
    closed,
  ),
  Type.Object(
    {
      shape: Type.Literal('polygon'),
      points: Type.Array(Type.Tuple([Latitude, Longitude]), { minItems: 3, maxItems: 500 }),
    },
    closed,
  ),
]);
export type Fence = Type.Static<typeof Fence>;

/** The position (`lat` and `lon` of one sensor at one time) is outside; over when `marginM` inside again. */
export const GeofenceCondition = Type.Object(
  {
    kind: Type.Literal('geofence'),
    sensors: Type.String({
      pattern: '^(\\*|[a-z0-9*-]{1,63}/[a-z0-9*_-]{1,63})$',
      description: 'device/sensor; each part may be `*`',
    }),
    fence: Fence,
    marginM: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000 })),
  },
  closed,
);

/** The ledger of a device has more than `above` readings unaccounted for; 0 where absent. */
export const LedgerCondition = Type.Object(
  {
    kind: Type.Literal('ledger'),
    devices: Devices,
    above: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  closed,
);

/** A device says that a person has to mend something: its status carries alarms (a full disk, a rejected configuration). */
export const DeviceAlarmCondition = Type.Object(
  { kind: Type.Literal('device-alarm'), devices: Devices },
  closed,
);

/** A stage of the pipeline is busier than `above` (0 to 1); `clear` as of a threshold. */
export const StageCondition = Type.Object(
  {
    kind: Type.Literal('stage'),
    stages: Type.String({ pattern: '^(\\*|[a-z0-9-]{1,63})$', description: 'A stage, or `*` for all' }),
    above: Type.Number({ minimum: 0, maximum: 1 }),
    clear: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  },
  closed,
);

/** What a rule looks for. */
export const AlertCondition = Type.Union([
  ThresholdCondition,
  RateCondition,
  NoDataCondition,
  SilentDeviceCondition,
  StuckCondition,
  GeofenceCondition,
  LedgerCondition,
  DeviceAlarmCondition,
  StageCondition,
]);
export type AlertCondition = Type.Static<typeof AlertCondition>;

/** How much it matters; `critical` is for what somebody must get up for. */
export const AlertSeverity = Type.Union([
  Type.Literal('info'),
  Type.Literal('warning'),
  Type.Literal('critical'),
]);
export type AlertSeverity = Type.Static<typeof AlertSeverity>;

const draft = {
  /** For people; stands in messages. */
  name: Type.String({ minLength: 1, maxLength: 100 }),
  enabled: Type.Boolean(),
  severity: AlertSeverity,
  condition: AlertCondition,
  /** The condition must hold this long before the alert fires; `0s`: at once. */
  for: Duration('The condition must hold this long before the alert fires'),
  /** Names of channels of the gateway's file; none: it is shown and not sent. */
  deliverTo: Type.Array(Name, { maxItems: 20, uniqueItems: true }),
  /** What to do about it; stands in messages. */
  remedy: Type.Optional(Type.String({ maxLength: 500 })),
};

/** `PUT /api/v1/alerts/rules/{id}`: makes the rule, or replaces it. */
export const AlertRuleDraft = Type.Object(draft, closed);
export type AlertRuleDraft = Type.Static<typeof AlertRuleDraft>;

/** One rule. */
export const AlertRule = Type.Object({
  id: Name,
  ...draft,
  /** Came with the gateway: it can be changed and disabled, and comes back as it was when it is deleted. */
  builtIn: Type.Boolean(),
});
export type AlertRule = Type.Static<typeof AlertRule>;

/** `GET /api/v1/alerts/rules`; `channels` are those of the gateway's file, without their secrets. */
export const AlertRulesAnswer = Type.Object({
  rules: Type.Array(AlertRule),
  channels: Type.Array(
    Type.Object({
      name: Type.String(),
      kind: Type.Union([Type.Literal('webhook'), Type.Literal('email'), Type.Literal('mqtt')]),
      /** Where it goes, for people: host, address or topic. */
      target: Type.String(),
    }),
  ),
});
export type AlertRulesAnswer = Type.Static<typeof AlertRulesAnswer>;
