import { Type } from 'typebox';

const Text = (description: string, more: object = {}) =>
  Type.String({ minLength: 1, maxLength: 200, description, ...more });

const Unit = Text('A unit of the SenML registry, such as Cel, %RH or W', {
  pattern: '^[\\x21-\\x7e]{1,32}$',
});

const ValueFile = Type.Object(
  {
    path: Text('Where the value stands: keys between points, such as ENERGY.Power'),
    quantity: Type.Optional(Text('What it is called; else its path')),
    sensor: Type.Optional(Text('The sensor it belongs to; else that of the dialect')),
    unit: Type.Optional(Unit),
    scale: Type.Optional(Type.Number({ description: 'What the value is multiplied by' })),
    words: Type.Optional(
      Type.Record(Type.String(), Type.Number(), { description: 'Numbers for words: { ON: 1, OFF: 0 }' }),
    ),
  },
  { additionalProperties: false },
);

/** How one account speaks that is no agent. */
export const DialectFile = Type.Object(
  {
    account: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      description: 'User name and client id of the connection, made by `fieldline device add`',
    }),
    format: Type.Union(
      [
        Type.Literal('value'),
        Type.Literal('key-value'),
        Type.Literal('json'),
        Type.Literal('line-protocol'),
        Type.Literal('sparkplug'),
      ],
      { description: 'What its messages hold' },
    ),
    topics: Type.Array(Text('A pattern: {name} names one level, + is any one, # the rest'), {
      minItems: 1,
      maxItems: 100,
      description: 'What it may publish',
    }),
    device: Type.Optional(Text('The device a message speaks of, with {names} of the topic [{device}]')),
    sensor: Type.Optional(Text('Its sensor, likewise [{sensor}]')),
    type: Type.Optional(Text('The type of its sensors [the sensor]')),
    unit: Type.Optional(Unit),
    units: Type.Optional(Type.Record(Type.String(), Unit, { description: 'Units by quantity' })),
    values: Type.Optional(
      Type.Array(ValueFile, {
        minItems: 1,
        maxItems: 256,
        description: 'Of JSON: which values; else all numbers',
      }),
    ),
    time: Type.Optional(
      Type.Object(
        {
          path: Text('Where the time stands'),
          form: Type.Union([Type.Literal('iso'), Type.Literal('s'), Type.Literal('ms'), Type.Literal('us')], {
            description: 'ISO 8601 (UTC where it names no zone), or since 1970',
          }),
        },
        {
          additionalProperties: false,
          description: 'Of JSON: the time of the readings; else that of their arrival',
        },
      ),
    ),
    precision: Type.Optional(
      Type.Union([Type.Literal('ns'), Type.Literal('us'), Type.Literal('ms'), Type.Literal('s')], {
        description: 'Of line protocol: the precision of its times [ns]',
      }),
    ),
    devicesMax: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100_000, description: 'Devices it may speak for [100]' }),
    ),
  },
  { additionalProperties: false },
);

/** What `DialectFile` describes. */
export type DialectOptions = Type.Static<typeof DialectFile>;
