import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false };
const positive = { exclusiveMinimum: 0 };

/** The keys of `calibrate`: one method, and the unit of its result. */
export const calibrateKeys = Type.Object(
  {
    linear: Type.Optional(
      Type.Object(
        {
          scale: Type.Optional(Type.Number({ default: 1, description: 'Multiplies the value' })),
          offset: Type.Optional(Type.Number({ default: 0, description: 'Is added to the product' })),
        },
        { ...closed, description: 'value · scale + offset' },
      ),
    ),
    polynomial: Type.Optional(
      Type.Object(
        {
          coefficients: Type.Array(Type.Number(), {
            minItems: 1,
            maxItems: 16,
            description: 'c0, c1, c2 …',
          }),
        },
        { ...closed, description: 'c0 + c1 · value + c2 · value² …' },
      ),
    ),
    table: Type.Optional(
      Type.Object(
        {
          points: Type.Array(Type.Array(Type.Number(), { minItems: 2, maxItems: 2 }), {
            minItems: 2,
            maxItems: 1000,
            description: 'Pairs [value, result]; between them the result is interpolated linearly',
          }),
          outside: Type.Optional(
            Type.Union([Type.Literal('drop'), Type.Literal('clamp'), Type.Literal('extrapolate')], {
              default: 'drop',
              description: 'What becomes of values outside the table',
            }),
          ),
        },
        { ...closed, description: 'Interpolation between measured points' },
      ),
    ),
    divider: Type.Optional(
      Type.Object(
        {
          supply: Type.Number({ ...positive, description: 'Voltage over both resistors, in V' }),
          resistor: Type.Number({ ...positive, description: 'The known resistor, in Ohm' }),
          sensor: Type.Optional(
            Type.Union([Type.Literal('low'), Type.Literal('high')], {
              default: 'low',
              description:
                'Where the sensor lies: `low` between input and ground, `high` between supply and input',
            }),
          ),
        },
        { ...closed, description: 'V over a voltage divider to the Ohm of its sensor' },
      ),
    ),
    thermistor: Type.Optional(
      Type.Object(
        {
          a: Type.Optional(Type.Number({ description: 'Steinhart–Hart coefficient A, in 1/K' })),
          b: Type.Optional(Type.Number({ description: 'B, in 1/K' })),
          c: Type.Optional(Type.Number({ description: 'C, in 1/K' })),
          beta: Type.Optional(
            Type.Number({ ...positive, description: 'B parameter in K, instead of a, b, c' }),
          ),
          nominal: Type.Optional(
            Type.Number({ ...positive, default: 10_000, description: 'With `beta`: Ohm at `nominalAt`' }),
          ),
          nominalAt: Type.Optional(Type.Number({ default: 25, description: 'With `beta`: in Cel' })),
        },
        { ...closed, description: 'Ohm of a thermistor to Cel' },
      ),
    ),
    platinum: Type.Optional(
      Type.Object(
        {
          nominal: Type.Optional(
            Type.Number({
              ...positive,
              default: 100,
              description: 'Ohm at 0 °C: 100 for a PT100, 1000 for a PT1000',
            }),
          ),
        },
        { ...closed, description: 'Ohm of a platinum thermometer to Cel, -200 to 850 °C' },
      ),
    ),
    unit: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Unit of the result; default: Ohm of `divider`, Cel of thermometers, else that which comes in',
      }),
    ),
  },
  closed,
);
/** The keys as they are written. */
export type CalibrateKeys = Static<typeof calibrateKeys>;
