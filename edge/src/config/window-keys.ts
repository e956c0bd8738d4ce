import { Type } from 'typebox';

const closed = { additionalProperties: false };

/** What the keys of windows say where they are left out. */
export const windowDefaults = {
  sessionGap: '30s',
  sessionMax: '1h',
  accuracy: 0.01,
  burst: { before: '100ms', after: '100ms', ring: 65_536, hysteresis: 0, edge: 'rising', samples: 1000 },
} as const;

/** Samples around a trigger, beside what the stream sends otherwise. */
export const BurstKeys = Type.Object(
  {
    before: Type.Optional(
      Type.String({
        default: windowDefaults.burst.before,
        description: 'How much before the trigger is sent: 0s to 60s',
      }),
    ),
    after: Type.Optional(
      Type.String({
        default: windowDefaults.burst.after,
        description: 'How much after the trigger is sent: 0s to 60s',
      }),
    ),
    ring: Type.Optional(
      Type.Integer({
        minimum: 16,
        maximum: 1_000_000,
        default: windowDefaults.burst.ring,
        description: 'Samples that are kept for what goes before; 16 bytes each',
      }),
    ),
    level: Type.Optional(
      Type.Object(
        {
          value: Type.Number({ description: 'A burst starts when the value reaches this' }),
          hysteresis: Type.Optional(
            Type.Number({
              minimum: 0,
              default: windowDefaults.burst.hysteresis,
              description: 'How far it must have been beyond it before',
            }),
          ),
          edge: Type.Optional(
            Type.Union([Type.Literal('rising'), Type.Literal('falling')], {
              default: windowDefaults.burst.edge,
              description: '`rising`: reached from below; `falling`: from above',
            }),
          ),
        },
        closed,
      ),
    ),
    slope: Type.Optional(
      Type.Number({
        description: 'A burst starts when the value rises by this much a second or more; negative: falls',
      }),
    ),
    zScore: Type.Optional(
      Type.Object(
        {
          z: Type.Number({
            exclusiveMinimum: 0,
            description: 'A burst starts so many standard deviations from the running mean',
          }),
          samples: Type.Optional(
            Type.Integer({
              minimum: 10,
              maximum: 10_000_000,
              default: windowDefaults.burst.samples,
              description: 'How many samples mean and deviation are taken over',
            }),
          ),
        },
        closed,
      ),
    ),
  },
  { ...closed, description: 'Samples around a trigger; without one by the command `burst` only' },
);
export type BurstKeys = Type.Static<typeof BurstKeys>;

/** How a stream, or by default each stream of a sensor, is aggregated. */
export const windowKeys = {
  window: Type.Optional(
    Type.String({
      description:
        '`none`: raw readings; `10s`: windows of a length; `count:100`: of so many readings; `session`: up to a pause; default: by the driver',
    }),
  ),
  sessionGap: Type.Optional(
    Type.String({
      default: windowDefaults.sessionGap,
      description: 'The pause that ends a session: 1ms to 24h',
    }),
  ),
  sessionMax: Type.Optional(
    Type.String({
      default: windowDefaults.sessionMax,
      description: 'A session that lasts longer is cut in partial windows: 1s to 24h',
    }),
  ),
  hopping: Type.Optional(
    Type.Object(
      {
        length: Type.String({ description: 'Length of the overlapping windows' }),
        every: Type.String({ description: 'How often one begins' }),
      },
      { ...closed, description: 'Overlapping windows beside `window`, sent as copies' },
    ),
  ),
  statistics: Type.Optional(
    Type.Array(
      Type.String({
        pattern:
          '^(count|mean|min|max|first|last|standard-deviation|rms|peak-to-peak|histogram|p[5-9]\\d(\\.\\d)?)$',
      }),
      {
        minItems: 1,
        maxItems: 64,
        uniqueItems: true,
        description:
          'What windows must be able to answer: count, mean, min, max, first, last, standard-deviation, rms, peak-to-peak, histogram, p50 to p99.9; default: those of the moments, and where `sketch` says so all',
      },
    ),
  ),
  sketch: Type.Optional(
    Type.Boolean({
      description: 'Windows carry quantiles; default: whether `statistics` names some, else by the driver',
    }),
  ),
  accuracy: Type.Optional(
    Type.Number({
      minimum: 0.0001,
      maximum: 0.5,
      multipleOf: 0.000001,
      default: windowDefaults.accuracy,
      description: 'Largest relative error of quantiles, in whole millionths',
    }),
  ),
  burst: Type.Optional(BurstKeys),
};
/** The keys of windows, checked. */
export type WindowKeys = Type.Static<Type.TObject<typeof windowKeys>>;
