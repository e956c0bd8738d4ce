import { accepted, Name, nearestKey, refused, senmlUnits, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { QuantityPlan } from '../drivers/driver.ts';

/** The most fields of one instrument. */
export const fieldsMax = 64;

/** One field as configured; its key is the name of the quantity. */
export const FieldKeys = Type.Object(
  {
    unit: Type.String({ minLength: 1, description: 'Unit of the SenML registry; / for a bare number' }),
    path: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Where the value stands in the JSON: main.temp, list.0.value; default: its name',
      }),
    ),
    scale: Type.Optional(Type.Number({ default: 1, description: 'Multiplies the value' })),
    offset: Type.Optional(Type.Number({ default: 0, description: 'Is added after scaling' })),
  },
  { additionalProperties: false },
);
export type FieldKeys = Type.Static<typeof FieldKeys>;

/** The fields of an instrument by the name of their quantity. */
export const fieldsSetting = Type.Record(Type.String(), FieldKeys, {
  minProperties: 1,
  maxProperties: fieldsMax,
  description: 'What is read, by the name of its quantity',
});

/** One field with defaults filled in: the quantity's value is what was read × scale + offset. */
export interface Field extends QuantityPlan {
  readonly path: string;
  readonly scale: number;
  readonly offset: number;
}

/** Checks names and units. */
export function toFields(keys: Readonly<Record<string, FieldKeys>>): Result<readonly Field[]> {
  const fields: Field[] = [];
  for (const [quantity, { unit, path = quantity, scale = 1, offset = 0 }] of Object.entries(keys)) {
    const isName: boolean = Value.Check(Name, quantity);
    if (!isName)
      return refused('CONFIG_INVALID_VALUE', `fields: "${quantity}" is not a name of a-z, 0-9, _ and -`);
    if (!senmlUnits.has(unit)) return refused('CONFIG_INVALID_VALUE', unknownUnit(quantity, unit));
    fields.push({ quantity, unit, path, scale, offset });
  }
  return accepted(fields);
}

function unknownUnit(quantity: string, unit: string): string {
  const nearest = nearestKey(unit, [...senmlUnits]);
  const hint = nearest ? `; did you mean "${nearest}"?` : '';
  return `fields.${quantity}.unit: "${unit}" is not a unit of the SenML registry${hint}`;
}
