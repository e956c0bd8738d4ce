import { Type } from 'typebox';
import { defineTransform, sameUnit } from '../definition.ts';
import { requireDuration } from '../durations.ts';
import { actionKey, applyAction, countFaults, type Action } from '../quality.ts';
import type { Block, Counts, Transform } from '../transform.ts';

/** Sensors that go on giving the same value. */
export const stuck = defineTransform({
  name: 'stuck',
  summary:
    'Finds a sensor that gives the same value for too long: from `after` on its readings are at fault, until the value changes by more than `tolerance`.',
  settings: Type.Object(
    {
      after: Type.Optional(
        Type.String({ default: '10m', description: 'How long a value may stay the same: 1ms to 30d' }),
      ),
      tolerance: Type.Optional(
        Type.Number({ minimum: 0, default: 0, description: 'A change up to this is none' }),
      ),
      action: actionKey('uncertain'),
    },
    { additionalProperties: false },
  ),
  reasons: [{ reason: 'stuck', of: 'a value that has been the same for `after`', outcome: 'by action' }],
  bind({ after = '10m', tolerance = 0, action = 'uncertain' }, unit) {
    const afterUs = requireDuration('after', after);
    if (!afterUs.ok) return afterUs;
    const settings = { afterUs: afterUs.value, tolerance, action };
    const marks = action !== 'drop';
    return sameUnit({ name: 'stuck', marks, create: () => new StuckStage(settings) }, unit);
  },
});

class StuckStage implements Transform {
  readonly name = 'stuck';
  readonly #settings: { readonly afterUs: number; readonly tolerance: number; readonly action: Action };
  /** The value that the sensor has kept since. NaN: none yet. */
  #value = Number.NaN;
  #sinceUs = 0;

  constructor(settings: { afterUs: number; tolerance: number; action: Action }) {
    this.#settings = settings;
  }

  apply(block: Block, counts: Counts): void {
    const { afterUs, tolerance, action } = this.#settings;
    let count = 0;
    for (let row = 0; row < block.v.length; row++) {
      const value = block.v[row]!;
      if (value !== value) continue;
      const at = block.t[row]!;
      if (!(Math.abs(value - this.#value) <= tolerance)) {
        this.#value = value;
        this.#sinceUs = at;
      } else if (at - this.#sinceUs >= afterUs) {
        applyAction(block, row, action);
        count += 1;
      }
    }
    countFaults(counts, action, 'stuck', count);
  }

  reset(): void {
    this.#value = Number.NaN;
  }
}
