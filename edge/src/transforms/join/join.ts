import { accepted, Name, refused } from '@fieldline/protocol';
import { Type } from 'typebox';
import { defineTransform } from '../definition.ts';
import { requireDuration } from '../durations.ts';
import type { Attachment, BoundTransform, Transform } from '../transform.ts';

const nothing: Transform = { name: 'join', apply: () => undefined };

/** Readings of other streams that are carried beside those of this one. */
export const join = defineTransform({
  name: 'join',
  summary:
    'Attaches the latest reading of another sensor, such as the position, to each reading that is left here: as streams of this sensor, at the same times, with an account of their own. It stands last. A reading with nothing within `tolerance` goes on without.',
  settings: Type.Object(
    {
      sensor: Name,
      quantities: Type.Array(Name, {
        minItems: 1,
        maxItems: 16,
        description: 'What of that sensor is attached: [lat, lon]',
      }),
      as: Type.Optional(
        Type.Array(Name, {
          description: 'What they are called here, in the same order; default: the same names',
        }),
      ),
      tolerance: Type.Optional(
        Type.String({ default: '10s', description: 'How far the times of both may be apart: 1ms to 30d' }),
      ),
    },
    { additionalProperties: false },
  ),
  reasons: [],
  bind({ sensor, quantities, as = quantities, tolerance = '10s' }, unit) {
    if (as.length !== quantities.length)
      return refused('CONFIG_INVALID_VALUE', `as: ${as.length} names for ${quantities.length} quantities`);
    const toleranceUs = requireDuration('tolerance', tolerance);
    if (!toleranceUs.ok) return toleranceUs;
    const attachments = quantities.map((each, index): Attachment => ({
      source: `${sensor}/${each}`,
      quantity: as[index] ?? each,
      toleranceUs: toleranceUs.value,
    }));
    const transform: BoundTransform = { name: 'join', marks: false, create: () => nothing, attachments };
    return accepted({ transform, unit });
  },
});
