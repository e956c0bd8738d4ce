import { accepted, nearestKey, refused, senmlUnits, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';
import { defineTransform } from '../definition.ts';
import { linearStage, overflowReason } from '../map-values.ts';
import { conversion, findUnit, unitTable, type UnitRow } from './unit-table.ts';

/** Readings of one unit made into readings of another. */
export const units = defineTransform({
  name: 'units',
  summary: 'Converts to another unit of the same dimension; the result is a unit of the SenML registry.',
  settings: Type.Object(
    {
      from: Type.Optional(
        Type.String({
          minLength: 1,
          description: 'Unit that comes in; default: that of the stream at this place',
        }),
      ),
      to: Type.String({ minLength: 1, description: 'Unit of the SenML registry' }),
    },
    { additionalProperties: false },
  ),
  reasons: [overflowReason],
  bind({ from: named, to: target }, unit) {
    const from = requireUnit('from', named ?? unit);
    if (!from.ok) return from;
    const to = requireUnit('to', target);
    if (!to.ok) return to;
    if (!senmlUnits.has(target))
      return refused('CONFIG_INVALID_VALUE', `to: "${target}" is not a unit of the SenML registry`);
    if (from.value.base !== to.value.base) {
      const detail = `"${from.value.unit}" cannot become "${target}": one is converted by ${from.value.base}, the other by ${to.value.base}`;
      return refused('CONFIG_INVALID_VALUE', detail);
    }
    const { scale, offset } = conversion(from.value, to.value);
    const stage = linearStage('units', scale, offset);
    return accepted({ transform: { name: 'units', marks: false, create: () => stage }, unit: target });
  },
});

function requireUnit(key: string, unit: string): Result<UnitRow> {
  const row = findUnit(unit);
  if (row) return accepted(row);
  const nearest = nearestKey(
    unit,
    unitTable.map((each) => each.unit),
  );
  const hint = nearest ? `; did you mean "${nearest}"?` : '';
  return refused('CONFIG_INVALID_VALUE', `${key}: "${unit}" cannot be converted${hint}`);
}
