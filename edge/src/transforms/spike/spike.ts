import { Type, type Static } from 'typebox';
import { defineTransform, sameUnit } from '../definition.ts';
import { lessenQuality, qualityCodes } from '../quality.ts';
import type { Block, Counts, Transform } from '../transform.ts';
import { SortedWindow } from './sorted-window.ts';

/** Makes the median absolute deviation an estimate of the standard deviation of normal noise: 1 / Φ⁻¹(3/4). */
export const normalScale = 1.4826;

const settingsSchema = Type.Object(
  {
    window: Type.Optional(
      Type.Integer({
        minimum: 3,
        maximum: 101,
        default: 7,
        description: 'Readings that are looked at: the newest and those before it',
      }),
    ),
    threshold: Type.Optional(
      Type.Number({
        minimum: 0,
        default: 3,
        description:
          'Standard deviations (estimated by the median deviation) beyond which a reading is a spike',
      }),
    ),
    floor: Type.Optional(
      Type.Number({
        minimum: 0,
        default: 0,
        description:
          'A reading this near to the median is no spike, however quiet the others; at least the resolution',
      }),
    ),
    action: Type.Optional(
      Type.Union(
        [Type.Literal('drop'), Type.Literal('uncertain'), Type.Literal('bad'), Type.Literal('replace')],
        {
          default: 'drop',
          description:
            '`drop` spikes, let them go on as `uncertain` or `bad`, or `replace` them by the median (then `uncertain`)',
        },
      ),
    ),
  },
  { additionalProperties: false },
);
type Settings = Required<Static<typeof settingsSchema>>;

/** Hampel's identifier over the newest readings. */
export const spike = defineTransform({
  name: 'spike',
  summary:
    "Finds single readings far from the others, by Hampel's identifier: farther from the median of the last `window` readings than `threshold` · 1.4826 · their median absolute deviation (F. R. Hampel, JASA 69, 1974; R. K. Pearson et al., EURASIP J. Adv. Signal Process. 2016:87). It looks back only, so it delays nothing; a lasting step is accepted after half a window.",
  settings: settingsSchema,
  reasons: [{ reason: 'spike', of: 'a value far from the median of its window', outcome: 'by action' }],
  bind({ window = 7, threshold = 3, floor = 0, action = 'drop' }, unit) {
    const settings = { window, threshold, floor, action };
    const marks = action !== 'drop';
    return sameUnit({ name: 'spike', marks, create: () => new SpikeStage(settings) }, unit);
  },
});

class SpikeStage implements Transform {
  readonly name = 'spike';
  readonly #settings: Settings;
  readonly #window: SortedWindow;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#window = new SortedWindow(settings.window);
  }

  apply(block: Block, counts: Counts): void {
    let count = 0;
    for (let row = 0; row < block.v.length; row++) {
      const value = block.v[row]!;
      if (value !== value) continue;
      this.#window.push(value);
      // Two readings cannot tell which of them is the odd one.
      if (this.#window.size < 3) continue;
      const median = this.#window.median();
      if (Math.abs(value - median) <= this.#limit(median)) continue;
      this.#treat(block, row, median);
      count += 1;
    }
    if (count === 0) return;
    if (this.#settings.action === 'drop') counts.drop('spike', count);
    else counts.mark('spike', count);
  }

  reset(): void {
    this.#window.clear();
  }

  #limit(median: number): number {
    const { threshold, floor } = this.#settings;
    return Math.max(floor, threshold * normalScale * this.#window.medianDeviation(median));
  }

  #treat(block: Block, row: number, median: number): void {
    const { action } = this.#settings;
    if (action === 'drop') block.v[row] = Number.NaN;
    else if (action === 'replace') block.v[row] = median;
    if (action !== 'drop')
      lessenQuality(block, row, action === 'bad' ? qualityCodes.bad : qualityCodes.uncertain);
  }
}
