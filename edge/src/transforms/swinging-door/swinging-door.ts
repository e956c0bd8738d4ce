import { Type } from 'typebox';
import { defineTransform, sameUnit } from '../definition.ts';
import { requireDuration } from '../durations.ts';
import type { Block, Counts, HeldReading, Holding, Transform } from '../transform.ts';

/** Readings that lie on the straight line between others. */
export const swingingDoor = defineTransform({
  name: 'swinging-door',
  summary:
    'Drops readings that a straight line between those which go on replaces: at the time of a dropped reading the line is never farther from it than `deviation`. After E. H. Bristol (Swinging door trending, ISA 1990), with the doors hinged at the kept reading itself and only ends inside both doors, which is what bounds the error by `deviation` and not by twice as much. The newest reading is held back until the next decides on it, for `maxInterval` at most.',
  settings: Type.Object(
    {
      deviation: Type.Number({
        minimum: 0,
        description: 'Largest distance of a dropped reading from the line, in the unit of the stream',
      }),
      maxInterval: Type.Optional(
        Type.String({
          default: '1m',
          description:
            'Readings that go on are no farther apart than this where the sensor gives any: 1ms to 30d',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  reasons: [{ reason: 'swinging-door', of: 'a value that the line replaces', outcome: 'dropped' }],
  bind({ deviation, maxInterval = '1m' }, unit) {
    const maxIntervalUs = requireDuration('maxInterval', maxInterval);
    if (!maxIntervalUs.ok) return maxIntervalUs;
    const create = (): Transform => new SwingingDoorStage(deviation, maxIntervalUs.value);
    return sameUnit({ name: 'swinging-door', marks: false, create }, unit);
  },
});

/** The candidate is in an earlier block, or there is none. */
const notInBlock = -1;

class SwingingDoorStage implements Transform, Holding {
  readonly name = 'swinging-door';
  readonly holding = this;
  readonly #deviation: number;
  readonly #maxIntervalUs: number;
  /** The last reading that went on: the hinge of both doors. NaN: none yet. */
  #hingeUs = Number.NaN;
  #hinge = 0;
  #quality = 0;
  /** The doors: slopes (a µs) between which every end so far keeps all readings within the deviation. */
  #lowest = Number.NEGATIVE_INFINITY;
  #highest = Number.POSITIVE_INFINITY;
  /** The newest reading, which may become the end of the line. NaN: none. */
  #candidateUs = Number.NaN;
  #candidate = 0;
  #released: HeldReading | undefined;

  constructor(deviation: number, maxIntervalUs: number) {
    this.#deviation = deviation;
    this.#maxIntervalUs = maxIntervalUs;
  }

  get held(): number {
    return Number.isNaN(this.#candidateUs) ? 0 : 1;
  }

  apply({ t, v, q }: Block, { drop }: Counts): void {
    let dropped = 0;
    let candidateRow = notInBlock;
    for (let row = 0; row < v.length; row++) {
      const value = v[row]!;
      if (value !== value) continue;
      const at = t[row]!;
      const quality = q?.[row] ?? 0;
      if (this.held > 0) {
        if (this.#fits(at, value, quality)) {
          dropped += 1;
          if (candidateRow !== notInBlock) v[candidateRow] = Number.NaN;
        } else this.#keepCandidate(candidateRow);
      }
      const isEnd = this.#fits(at, value, quality);
      if (isEnd) this.#take(at, value);
      else this.#hingeAt(at, value, quality);
      candidateRow = isEnd ? row : notInBlock;
    }
    // It leaves the block and waits for the next.
    if (candidateRow !== notInBlock) v[candidateRow] = Number.NaN;
    if (dropped > 0) drop('swinging-door', dropped);
  }

  takeReleased(): HeldReading | undefined {
    const released = this.#released;
    this.#released = undefined;
    return released;
  }

  releaseDue(nowUs: number): HeldReading | undefined {
    if (this.held === 0 || nowUs - this.#hingeUs < this.#maxIntervalUs) return undefined;
    this.#keepCandidate(notInBlock);
    return this.takeReleased();
  }

  reset(): void {
    this.#hingeUs = Number.NaN;
    this.#candidateUs = Number.NaN;
  }

  /** Whether a line from the hinge to this reading keeps all readings since within the deviation. */
  #fits(at: number, value: number, quality: number): boolean {
    const sinceUs = at - this.#hingeUs;
    // NaN, where there is no candidate, is no reason; lines of one chunk of bytes bear the same time.
    if (!(sinceUs > 0) || at < this.#candidateUs || sinceUs > this.#maxIntervalUs) return false;
    if (quality !== this.#quality) return false;
    const slope = (value - this.#hinge) / sinceUs;
    return slope >= this.#lowest && slope <= this.#highest;
  }

  /** Makes a reading the end of the line, and swings the doors so far that it stays within them. */
  #take(at: number, value: number): void {
    const sinceUs = at - this.#hingeUs;
    const difference = value - this.#hinge;
    this.#lowest = Math.max(this.#lowest, (difference - this.#deviation) / sinceUs);
    this.#highest = Math.min(this.#highest, (difference + this.#deviation) / sinceUs);
    this.#candidateUs = at;
    this.#candidate = value;
  }

  /** The candidate goes on: in its block, or released where that has passed. It becomes the hinge. */
  #keepCandidate(row: number): void {
    const tUs = this.#candidateUs;
    const value = this.#candidate;
    if (row === notInBlock) this.#released = { tUs, value, quality: this.#quality };
    this.#hingeAt(tUs, value, this.#quality);
  }

  #hingeAt(at: number, value: number, quality: number): void {
    this.#hingeUs = at;
    this.#hinge = value;
    this.#quality = quality;
    this.#lowest = Number.NEGATIVE_INFINITY;
    this.#highest = Number.POSITIVE_INFINITY;
    this.#candidateUs = Number.NaN;
  }
}
