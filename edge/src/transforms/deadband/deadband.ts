import { refused } from '@fieldline/protocol';
import { Type } from 'typebox';
import { defineTransform, sameUnit } from '../definition.ts';
import { requireDuration } from '../durations.ts';
import type { Block, Counts, Transform } from '../transform.ts';

/** Readings that changed too little to be worth sending. */
export const deadband = defineTransform({
  name: 'deadband',
  summary:
    'Drops readings that differ little from the last that went on: by no more than `absolute`, or than `percent` of it, whichever is larger. Once a `heartbeat` one goes on all the same, and so does the first of another quality.',
  settings: Type.Object(
    {
      absolute: Type.Optional(
        Type.Number({
          minimum: 0,
          description: 'In the unit of the stream; default: 0 where `percent` is given',
        }),
      ),
      percent: Type.Optional(
        Type.Number({ minimum: 0, maximum: 100, description: 'Of the last value; default: 0' }),
      ),
      heartbeat: Type.Optional(
        Type.String({
          default: '1m',
          description: 'A reading this long after the last one goes on without a change: 1ms to 30d',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  reasons: [{ reason: 'deadband', of: 'a value that changed too little', outcome: 'dropped' }],
  bind({ absolute, percent, heartbeat = '1m' }, unit) {
    if (absolute === undefined && percent === undefined)
      return refused('CONFIG_INVALID_VALUE', 'give absolute, percent, or both');
    const heartbeatUs = requireDuration('heartbeat', heartbeat);
    if (!heartbeatUs.ok) return heartbeatUs;
    const settings = { absolute: absolute ?? 0, share: (percent ?? 0) / 100, heartbeatUs: heartbeatUs.value };
    return sameUnit({ name: 'deadband', marks: false, create: () => new DeadbandStage(settings) }, unit);
  },
});

interface Settings {
  readonly absolute: number;
  readonly share: number;
  readonly heartbeatUs: number;
}

class DeadbandStage implements Transform {
  readonly name = 'deadband';
  readonly #settings: Settings;
  /** The last reading that went on. NaN: none yet, so that the next one goes on. */
  #value = Number.NaN;
  #atUs = 0;
  #quality = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  apply({ t, v, q }: Block, { drop }: Counts): void {
    let count = 0;
    for (let row = 0; row < v.length; row++) {
      const value = v[row]!;
      if (value !== value) continue;
      const at = t[row]!;
      const quality = q?.[row] ?? 0;
      if (quality === this.#quality && this.#isNear(value, at)) {
        v[row] = Number.NaN;
        count += 1;
        continue;
      }
      this.#value = value;
      this.#atUs = at;
      this.#quality = quality;
    }
    if (count > 0) drop('deadband', count);
  }

  reset(): void {
    this.#value = Number.NaN;
  }

  #isNear(value: number, at: number): boolean {
    const { absolute, share, heartbeatUs } = this.#settings;
    const band = Math.max(absolute, share * Math.abs(this.#value));
    // A clock that was set back by more than a heartbeat must not silence the stream.
    return Math.abs(value - this.#value) <= band && Math.abs(at - this.#atUs) < heartbeatUs;
  }
}
