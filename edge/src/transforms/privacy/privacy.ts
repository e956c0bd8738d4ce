import { accepted } from '@fieldline/protocol';
import { Name } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { Columns } from '../../drivers/driver.ts';
import { defineTransform } from '../definition.ts';
import { lessenQuality, qualityCodes } from '../quality.ts';
import type { Block, Counts, Transform } from '../transform.ts';
import { isInside, type Zone } from './zone.ts';

const zoneKeys = Type.Object(
  {
    name: Name,
    lat: Type.Number({ minimum: -90, maximum: 90, description: 'Centre, in degrees' }),
    lon: Type.Number({ minimum: -180, maximum: 180, description: 'Centre, in degrees' }),
    radius: Type.Number({ exclusiveMinimum: 0, maximum: 1e6, description: 'In metres' }),
  },
  { additionalProperties: false },
);

/** Positions that nobody else needs to know. */
export const privacy = defineTransform({
  name: 'privacy',
  summary:
    "Keeps what a sensor gives inside named zones from leaving the device, or makes it coarse. It looks at the sensor's own `lat` and `lon`, as the receiver gave them. It stands first, on both `lat` and `lon`; also on `altitude`, `speed` and `course` where these would tell.",
  settings: Type.Object(
    {
      zones: Type.Optional(
        Type.Array(zoneKeys, { maxItems: 100, default: [], description: 'Circles; none: everywhere' }),
      ),
      inside: Type.Optional(
        Type.Union([Type.Literal('suppress'), Type.Literal('round')], {
          default: 'suppress',
          description: '`suppress` what is inside, or `round` it (then `uncertain`)',
        }),
      ),
      decimals: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 6,
          default: 2,
          description: 'With `round`: decimals that are kept; of degrees, 2 are some 1.1 km, 3 some 110 m',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  reasons: [
    {
      reason: 'privacy-zone',
      of: 'a value given inside a zone, or without a known position',
      outcome: 'dropped',
    },
    { reason: 'privacy-rounded', of: 'a value that was rounded', outcome: 'marked' },
  ],
  bind({ zones = [], inside = 'suppress', decimals = 2 }, unit) {
    const rules = {
      zones: zones.map(({ name, lat, lon, radius }) => ({ name, lat, lon, radiusM: radius })),
      rounds: inside === 'round',
      factor: 10 ** decimals,
    };
    const transform = {
      name: 'privacy',
      marks: rules.rounds,
      create: (sensor: { columnOf(quantity: string): number | undefined }) =>
        new PrivacyStage(rules, sensor.columnOf('lat'), sensor.columnOf('lon')),
    };
    return accepted({ transform, unit });
  },
});

interface Rules {
  readonly zones: readonly Zone[];
  readonly rounds: boolean;
  /** 10 to the power of the decimals that are kept. */
  readonly factor: number;
}

class PrivacyStage implements Transform {
  readonly name = 'privacy';
  readonly #rules: Rules;
  readonly #latColumn: number;
  readonly #lonColumn: number;
  /** Rows of the block at hand that are inside. */
  #inside = new Uint8Array(0);

  constructor(rules: Rules, latColumn = -1, lonColumn = -1) {
    this.#rules = rules;
    this.#latColumn = latColumn;
    this.#lonColumn = lonColumn;
  }

  prepare(t: Float64Array, columns: Columns): void {
    if (this.#inside.length < t.length) this.#inside = new Uint8Array(t.length);
    const lat = columns[this.#latColumn];
    const lon = columns[this.#lonColumn];
    for (let row = 0; row < t.length; row++) {
      const inside = isInside(this.#rules.zones, lat?.[row] ?? Number.NaN, lon?.[row] ?? Number.NaN);
      this.#inside[row] = inside ? 1 : 0;
    }
  }

  apply(block: Block, { drop, mark }: Counts): void {
    const { v } = block;
    const { rounds, factor } = this.#rules;
    let count = 0;
    for (let row = 0; row < v.length; row++) {
      const value = v[row]!;
      if (value !== value || this.#inside[row] !== 1) continue;
      v[row] = rounds ? Math.round(value * factor) / factor : Number.NaN;
      if (rounds) lessenQuality(block, row, qualityCodes.uncertain);
      count += 1;
    }
    if (count === 0) return;
    if (rounds) mark('privacy-rounded', count);
    else drop('privacy-zone', count);
  }
}
