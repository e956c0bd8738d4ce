import { refused } from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { defineTransform, sameUnit } from '../definition.ts';
import { lessenQuality, qualityCodes } from '../quality.ts';
import type { Block, BoundTransform, Counts } from '../transform.ts';

const settingsSchema = Type.Object(
  {
    min: Type.Optional(Type.Number({ description: 'The least value that is possible; default: no limit' })),
    max: Type.Optional(
      Type.Number({ description: 'The greatest value that is possible; default: no limit' }),
    ),
    action: Type.Optional(
      Type.Union(
        [Type.Literal('drop'), Type.Literal('uncertain'), Type.Literal('bad'), Type.Literal('clamp')],
        {
          default: 'drop',
          description:
            '`drop` readings outside, let them go on as `uncertain` or `bad`, or `clamp` them to the limit (then `uncertain`)',
        },
      ),
    ),
  },
  { additionalProperties: false },
);

/** Readings outside limits, which belong to the limits. */
export const range = defineTransform({
  name: 'range',
  summary: 'Finds readings that cannot be: below `min` or above `max`. The limits themselves are inside.',
  settings: settingsSchema,
  reasons: [{ reason: 'out-of-range', of: 'a value outside the limits', outcome: 'by action' }],
  bind(settings, unit) {
    const { min, max } = settings;
    if (min === undefined && max === undefined)
      return refused('CONFIG_INVALID_VALUE', 'give min, max, or both');
    if (min !== undefined && max !== undefined && min > max)
      return refused('CONFIG_INVALID_VALUE', `min: ${min} is above max, ${max}`);
    return sameUnit(bindRange(settings), unit);
  },
});

function bindRange(settings: Static<typeof settingsSchema>): BoundTransform {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, action = 'drop' } = settings;
  const stage =
    action === 'drop'
      ? { name: 'range', apply: ({ v }: Block, counts: Counts) => dropOutside(v, min, max, counts) }
      : {
          name: 'range',
          apply: (block: Block, counts: Counts) => markOutside(block, { min, max, action }, counts),
        };
  return { name: 'range', marks: action !== 'drop', create: () => stage };
}

/** A hot loop: nothing but two comparisons a sample. NaN fails neither and stays. */
function dropOutside(v: Float64Array, min: number, max: number, { drop }: Counts): void {
  let count = 0;
  for (let row = 0; row < v.length; row++) {
    const value = v[row]!;
    if (value < min || value > max) {
      v[row] = Number.NaN;
      count += 1;
    }
  }
  if (count > 0) drop('out-of-range', count);
}

function markOutside(
  block: Block,
  limits: { min: number; max: number; action: 'uncertain' | 'bad' | 'clamp' },
  { mark }: Counts,
): void {
  const { v } = block;
  const { min, max, action } = limits;
  const code = action === 'bad' ? qualityCodes.bad : qualityCodes.uncertain;
  let count = 0;
  for (let row = 0; row < v.length; row++) {
    const value = v[row]!;
    if (!(value < min || value > max)) continue;
    if (action === 'clamp') v[row] = value < min ? min : max;
    lessenQuality(block, row, code);
    count += 1;
  }
  if (count > 0) mark('out-of-range', count);
}
