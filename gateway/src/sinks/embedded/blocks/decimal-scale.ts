/** Most decimals that are looked for; what has more is kept as doubles. */
const decimalsMax = 9;
const powers = Array.from({ length: decimalsMax + 1 }, (_, decimals) => 10 ** decimals);

/** 10 to the power of `decimals`, as `writeOffsets` takes it; NaN for more decimals than it writes. */
export function decimalPower(decimals: number): number {
  return powers[decimals] ?? NaN;
}

/** Unsigned whole numbers of one width. */
export type Offsets = Uint8Array | Uint16Array | Uint32Array;

/** Values as whole numbers: `values[i] === (base + offsets[i]) / 10 ** decimals`, to the bit; offsets from 0 on. */
export interface DecimalScale {
  readonly decimals: number;
  readonly base: number;
  /** The largest offset, below 2^32. */
  readonly span: number;
}

/**
 * How `values` can be written as 32-bit offsets at the fewest decimals, undefined where they cannot: they are no
 * short decimals, lie too far apart, or one is a negative zero. Division is correctly rounded (IEEE 754), so that
 * decimals come back to the bit.
 */
export function findDecimalScale(values: Float64Array): DecimalScale | undefined {
  const decimals = fewestDecimals(values);
  if (decimals === undefined) return undefined;
  const power = powers[decimals]!;
  let least = Infinity;
  let most = -Infinity;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    const whole = Math.round(value * power);
    // What was whole at fewer decimals need not be at more, once it is beyond a double's digits.
    if (whole / power !== value || (value === 0 && 1 / value < 0)) return undefined;
    if (whole < least) least = whole;
    if (whole > most) most = whole;
  }
  const span = most - least;
  if (!(span < 2 ** 32 && Math.abs(least) < 2 ** 52 && Math.abs(most) < 2 ** 52)) return undefined;
  return { decimals, base: least + 0, span };
}

/** Writes each value's offset. */
export function writeOffsets(values: Float64Array, { decimals, base }: DecimalScale, into: Offsets): void {
  const power = powers[decimals]!;
  for (let index = 0; index < values.length; index++) {
    into[index] = Math.round(values[index]! * power) - base;
  }
}

/** The inverse of `writeOffsets`. */
export function readOffsets(
  from: Offsets,
  { decimals, base }: { readonly decimals: number; readonly base: number },
  values: Float64Array,
): void {
  if (decimals === 0) {
    for (let index = 0; index < values.length; index++) values[index] = base + from[index]!;
    return;
  }
  const power = powers[decimals]!;
  for (let index = 0; index < values.length; index++) values[index] = (base + from[index]!) / power;
}

function fewestDecimals(values: Float64Array): number | undefined {
  let decimals = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    while (Math.round(value * powers[decimals]!) / powers[decimals]! !== value) {
      decimals += 1;
      if (decimals > decimalsMax) return undefined;
    }
  }
  return decimals;
}
