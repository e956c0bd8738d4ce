import { accepted, parseDuration, refused, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';
import { defineTransform, sameUnit } from '../definition.ts';
import type { Block, Counts, Transform } from '../transform.ts';

/** Longest time within which a repetition is the same reading, in microseconds. */
const withinUsMax = 86_400e6;

/** Readings that a sensor sends again. */
export const dedupe = defineTransform({
  name: 'dedupe',
  summary:
    'Drops a reading that repeats the last one that went on: the same value, to the bit, within `within` of its time.',
  settings: Type.Object(
    {
      within: Type.Optional(
        Type.String({
          default: '0s',
          description: 'How far apart the two may be; `0s`: only at the very same time. At most 1d',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  reasons: [{ reason: 'duplicate', of: 'a value that repeats the one before', outcome: 'dropped' }],
  bind({ within = '0s' }, unit) {
    const withinUs = toWithinUs(within);
    if (!withinUs.ok) return withinUs;
    return sameUnit({ name: 'dedupe', marks: false, create: () => new DedupeStage(withinUs.value) }, unit);
  },
});

function toWithinUs(text: string): Result<number> {
  const us = parseDuration(text);
  if (!us.ok) return refused('CONFIG_INVALID_VALUE', `within: ${us.refusal.detail}`);
  if (us.value <= withinUsMax) return accepted(us.value);
  return refused('CONFIG_INVALID_VALUE', `within: ${text} is more than 1d`);
}

class DedupeStage implements Transform {
  readonly name = 'dedupe';
  readonly #withinUs: number;
  #value = Number.NaN;
  #atUs = 0;

  constructor(withinUs: number) {
    this.#withinUs = withinUs;
  }

  apply({ t, v }: Block, { drop }: Counts): void {
    let count = 0;
    for (let row = 0; row < v.length; row++) {
      const value = v[row]!;
      if (value !== value) continue;
      const at = t[row]!;
      if (Object.is(value, this.#value) && Math.abs(at - this.#atUs) <= this.#withinUs) {
        v[row] = Number.NaN;
        count += 1;
        continue;
      }
      this.#value = value;
      this.#atUs = at;
    }
    if (count > 0) drop('duplicate', count);
  }

  reset(): void {
    this.#value = Number.NaN;
  }
}
