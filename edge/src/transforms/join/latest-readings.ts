/** The newest reading of one stream. */
export interface LatestReading {
  tUs: number;
  value: number;
}

/** The newest reading of every stream of a device, after its transforms: what `join` attaches. */
export class LatestReadings {
  readonly #slots = new Map<string, LatestReading>();

  /** The place of a stream, `sensor/quantity`; NaN while it has none. */
  slot(stream: string): LatestReading {
    let slot = this.#slots.get(stream);
    if (slot === undefined) {
      slot = { tUs: Number.NaN, value: Number.NaN };
      this.#slots.set(stream, slot);
    }
    return slot;
  }
}

/** Notes the newest of a block's readings; NaN is none, and bad ones (quality 2) are left out. */
export function noteLatest(slot: LatestReading, t: Float64Array, v: Float64Array, q?: Uint8Array): void {
  for (let row = v.length - 1; row >= 0; row--) {
    const value = v[row]!;
    if (value !== value || q?.[row] === 2) continue;
    if (t[row]! < slot.tUs) return;
    slot.tUs = t[row]!;
    slot.value = value;
    return;
  }
}

/**
 * Fills `into` with the latest reading of another stream, once for each value of `v` whose time is within
 * the tolerance of it, NaN for the others. Answers how many were attached.
 */
export function attachLatest(
  latest: LatestReading,
  toleranceUs: number,
  t: Float64Array,
  v: Float64Array,
  into: Float64Array,
): number {
  let count = 0;
  for (let row = 0; row < v.length; row++) {
    const value = v[row]!;
    const isNear = value === value && Math.abs(t[row]! - latest.tUs) <= toleranceUs;
    into[row] = isNear ? latest.value : Number.NaN;
    if (isNear) count += 1;
  }
  return count;
}
