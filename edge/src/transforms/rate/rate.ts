import { accepted, refused, type Result } from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { defineTransform } from '../definition.ts';
import { requireDuration } from '../durations.ts';
import { overflowReason } from '../map-values.ts';
import type { Block, Counts, Transform } from '../transform.ts';

const settingsSchema = Type.Object(
  {
    per: Type.Optional(
      Type.Union([Type.Literal('s'), Type.Literal('min'), Type.Literal('h')], {
        default: 's',
        description: 'The change is given for so long a time',
      }),
    ),
    counter: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'The value only rises; where it falls, the counter began again',
      }),
    ),
    wrap: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description:
          'With `counter`: the value after the greatest is 0 again, such as 65536. A fall that would mean a rise of half of it or more is a reset, not a wrap; default: it never wraps',
      }),
    ),
    factor: Type.Optional(
      Type.Number({ default: 1, description: 'Multiplies the rate: such as 0.2 mm of rain a count' }),
    ),
    maxInterval: Type.Optional(
      Type.String({
        default: '1h',
        description: 'Readings farther apart than this make no rate: 1ms to 30d',
      }),
    ),
    unit: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Unit of the rate; default, with a factor of 1, where it has one: of m it is m/s, of count 1/s',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Units of the SenML registry for the change of another in a second, a minute, an hour. */
const rateUnits: Readonly<Record<string, string>> = {
  'm/s': 'm/s',
  'm/h': 'm/h',
  'mm/h': 'mm/h',
  'km/h': 'km/h',
  'm/s/s': 'm/s2',
  'm3/s': 'm3/s',
  'l/s': 'l/s',
  'count/s': '1/s',
  'count/min': '1/min',
  'beats/min': 'beat/min',
  'J/s': 'W',
  'C/s': 'A',
  'Wh/h': 'W',
  'kWh/h': 'kW',
  'bit/s': 'bit/s',
  'B/s': 'B/s',
};

const perUs = { s: 1e6, min: 60e6, h: 3600e6 } as const;

/** How fast a value changes. */
export const rate = defineTransform({
  name: 'rate',
  summary:
    'Replaces a value by its change since the one before, for each second, minute or hour; of a counter also across its wrap. The first reading makes none, nor does the first after an interruption.',
  settings: settingsSchema,
  reasons: [
    {
      reason: 'rate-start',
      of: 'a value with none before it, or none within `maxInterval`',
      outcome: 'dropped',
    },
    { reason: 'rate-no-time', of: 'a value not later than the one before', outcome: 'dropped' },
    { reason: 'counter-reset', of: 'a counter that fell without a wrap', outcome: 'dropped' },
    overflowReason,
  ],
  bind(settings, unit) {
    const { per = 's', wrap, counter = false, factor = 1, maxInterval = '1h' } = settings;
    if (wrap !== undefined && !counter)
      return refused('CONFIG_INVALID_VALUE', 'wrap: goes with counter: true');
    const maxIntervalUs = requireDuration('maxInterval', maxInterval);
    if (!maxIntervalUs.ok) return maxIntervalUs;
    const out = rateUnit(settings, unit);
    if (!out.ok) return out;
    const rules = { perUs: perUs[per] * factor, counter, wrap, maxIntervalUs: maxIntervalUs.value };
    const create = (): Transform => new RateStage(rules);
    return accepted({ transform: { name: 'rate', marks: false, create }, unit: out.value });
  },
});

function rateUnit(settings: Static<typeof settingsSchema>, unit: string): Result<string> {
  const { per = 's', factor = 1 } = settings;
  const known = factor === 1 ? rateUnits[`${unit}/${per}`] : undefined;
  const named = settings.unit ?? known;
  if (named !== undefined) return accepted(named);
  return refused('CONFIG_INVALID_VALUE', `unit: name the unit of the rate, of ${factor} × ${unit} a ${per}`);
}

interface Rules {
  /** Microseconds for which the change is given, times the factor. */
  readonly perUs: number;
  readonly counter: boolean;
  readonly wrap: number | undefined;
  readonly maxIntervalUs: number;
}

class RateStage implements Transform {
  readonly name = 'rate';
  readonly #rules: Rules;
  #value = Number.NaN;
  #atUs = 0;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  apply({ t, v }: Block, { drop }: Counts): void {
    for (let row = 0; row < v.length; row++) {
      const value = v[row]!;
      if (value !== value) continue;
      const result = this.#next(t[row]!, value);
      v[row] = typeof result === 'number' ? result : Number.NaN;
      if (typeof result === 'string') drop(result, 1);
    }
  }

  reset(): void {
    this.#value = Number.NaN;
  }

  /** The rate that a reading makes with the one before, or the reason for which it makes none. */
  #next(at: number, value: number): number | string {
    const before = this.#value;
    const sinceUs = at - this.#atUs;
    const { maxIntervalUs } = this.#rules;
    // A reading that comes late is no new beginning, unless the clock was set back by as much.
    if (!Number.isNaN(before) && sinceUs <= 0 && sinceUs >= -maxIntervalUs) return 'rate-no-time';
    this.#value = value;
    this.#atUs = at;
    if (Number.isNaN(before) || Math.abs(sinceUs) > maxIntervalUs) return 'rate-start';
    const change = this.#change(before, value);
    if (change === undefined) return 'counter-reset';
    const result = (change / sinceUs) * this.#rules.perUs;
    return Number.isFinite(result) ? result : 'overflow';
  }

  #change(before: number, value: number): number | undefined {
    const { counter, wrap } = this.#rules;
    const change = value - before;
    if (!counter || change >= 0) return change;
    const wrapped = wrap === undefined ? Number.NaN : change + wrap;
    return wrap !== undefined && wrapped >= 0 && wrapped < wrap / 2 ? wrapped : undefined;
  }
}
