import { type BitReader, type BitWriter } from './bits.ts';
import { DamagedBytes, unzigzag, zigzag } from './varint.ts';

/** A quotient of so many ones says that the number follows in full: it bounds what an outlier costs. */
const escapeOnes = 20;
const escapeBits = 53;
/** Largest parameter: low bits that are written as they are. */
export const riceBitsMax = 52;

/** A column of residuals is centred on `base` and Rice coded with `bits` low bits; `sizeBits` in all. */
export interface RicePlan {
  readonly base: number;
  readonly bits: number;
  readonly sizeBits: number;
}

/**
 * Finds a base and a parameter for `residuals[from…]`, which are whole numbers; undefined where one of them
 * is too far from the base for exact arithmetic. The parameter is the best one next to a guess.
 */
export function planRice(residuals: Float64Array, from: number): RicePlan | undefined {
  const base = sampledMedian(residuals, from);
  const byLength = new Uint32Array(escapeBits + 1);
  for (let index = from; index < residuals.length; index++) {
    const distance = residuals[index]! - base;
    if (!(Math.abs(distance) < 2 ** 51)) return undefined;
    byLength[bitLength(zigzag(distance))]! += 1;
  }
  const near = likelyBits(byLength);
  let best: RicePlan | undefined;
  for (let bits = Math.max(0, near - 1); bits <= Math.min(near + 1, riceBitsMax); bits++) {
    const sizeBits = sizeOf(residuals, from, base, bits);
    if (!best || sizeBits < best.sizeBits) best = { base, bits, sizeBits };
  }
  return best;
}

/** Writes the residuals from `from` on. */
export function writeRice(writer: BitWriter, residuals: Float64Array, from: number, plan: RicePlan): void {
  const { base, bits } = plan;
  const scale = 2 ** bits;
  for (let index = from; index < residuals.length; index++) {
    const code = zigzag(residuals[index]! - base);
    const quotient = Math.floor(code / scale);
    if (quotient < escapeOnes) {
      writer.write(2 ** (quotient + 1) - 2, quotient + 1);
      writer.write(code - quotient * scale, bits);
    } else {
      writer.write(2 ** escapeOnes - 1, escapeOnes);
      writer.write(code, escapeBits);
    }
  }
}

/** Reads residuals into `residuals[from…]`. */
export function readRice(
  reader: BitReader,
  residuals: Float64Array,
  from: number,
  { base, bits }: { base: number; bits: number },
): void {
  if (bits > riceBitsMax) throw new DamagedBytes('its parameter is out of range');
  // Every residual takes a bit at least.
  if (residuals.length - from > reader.left) throw new DamagedBytes('it ends too early');
  const scale = 2 ** bits;
  for (let index = from; index < residuals.length; index++) {
    const ones = reader.readOnes(escapeOnes);
    const code = ones === escapeOnes ? reader.read(escapeBits) : ones * scale + reader.read(bits);
    residuals[index] = base + unzigzag(code);
  }
}

/** The parameter at which the numbers would be shortest if each were the middle one of its length. */
function likelyBits(byLength: Uint32Array): number {
  let longest = escapeBits;
  while (longest > 0 && byLength[longest] === 0) longest -= 1;
  let best = 0;
  let smallest = Infinity;
  for (let bits = Math.min(longest, riceBitsMax); bits >= 0; bits--) {
    let size = 0;
    for (let length = 0; length <= longest; length++) {
      const count = byLength[length]!;
      if (count > 0)
        size += count * codeBits(length > bits ? Math.floor(0.75 * 2 ** (length - bits)) : 0, bits);
    }
    if (size >= smallest) continue;
    best = bits;
    smallest = size;
  }
  return best;
}

function sizeOf(residuals: Float64Array, from: number, base: number, bits: number): number {
  const scale = 2 ** bits;
  let size = 0;
  for (let index = from; index < residuals.length; index++) {
    size += codeBits(Math.floor(zigzag(residuals[index]! - base) / scale), bits);
  }
  return size;
}

function codeBits(quotient: number, bits: number): number {
  return quotient < escapeOnes ? quotient + 1 + bits : escapeOnes + escapeBits;
}

function bitLength(code: number): number {
  if (code < 2 ** 31) return 32 - Math.clz32(code);
  return 63 - Math.clz32(Math.floor(code / 2 ** 31));
}

/** The median of up to 31 residuals, evenly spread: an outlier among them, such as a gap, does not move it. */
function sampledMedian(residuals: Float64Array, from: number): number {
  const count = residuals.length - from;
  if (count <= 0) return 0;
  const sample = new Float64Array(Math.min(count, 31));
  for (let index = 0; index < sample.length; index++) {
    sample[index] = residuals[from + Math.floor((index * count) / sample.length)]!;
  }
  return sample.sort()[sample.length >> 1]! + 0;
}
