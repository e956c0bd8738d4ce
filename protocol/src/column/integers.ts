import { BitReader, BitWriter } from './bits.ts';
import { planRice, readRice, writeRice, type RicePlan } from './rice.ts';
import { type ByteReader, type ByteWriter, DamagedBytes } from './varint.ts';

/**
 * How a whole number is predicted from those before it; what is written is how far off that was.
 * `level`: by a constant; `delta`: the one before; `slope`: the one before plus the last difference (then
 * the residual is the delta of deltas); `line`: a straight line through the column, which is best for times
 * that jitter around a regular grid.
 */
export const predictors = ['level', 'delta', 'slope', 'line'] as const;
/** The name of a predictor; its number on the wire is its place in `predictors`. */
export type Predictor = (typeof predictors)[number];

/** Whole numbers below this in magnitude can be packed. */
export const integerBound = 2 ** 52;

/** A line of `span` over the whole column, starting at `start`. */
interface Line {
  readonly start: number;
  readonly span: number;
}

/** How a column of whole numbers will be written, and how long that is. */
export interface IntegersPlan {
  readonly predictor: Predictor;
  readonly residuals: Float64Array;
  readonly rice: RicePlan;
  readonly line: Line;
  /** Without the byte of predictor and exponent. */
  readonly sizeBits: number;
}

/** How many numbers at the start of a column are written as they are, for each predictor. */
const headLengths: Readonly<Record<Predictor, number>> = { level: 0, delta: 1, slope: 2, line: 0 };

/** The smallest of the four ways to write `integers` (each below `integerBound`), undefined where none is exact. */
export function planIntegers(integers: Float64Array): IntegersPlan | undefined {
  let best: IntegersPlan | undefined;
  for (const predictor of predictors) {
    if (integers.length < 3 && predictor !== 'level' && predictor !== 'delta') continue;
    const line = predictor === 'line' ? fitLine(integers) : { start: 0, span: 0 };
    const residuals = residualsOf(integers, predictor, line);
    const rice = residuals && planRice(residuals, Math.min(headLengths[predictor], integers.length));
    if (!residuals || !rice) continue;
    const sizeBits = rice.sizeBits + 8 * (headBytes(residuals, predictor, line) + varintBytes(rice.base) + 1);
    if (!best || sizeBits < best.sizeBits) best = { predictor, residuals, rice, line, sizeBits };
  }
  return best;
}

/** Writes the numbers of the plan; the caller has written the predictor. */
export function writeIntegers(writer: ByteWriter, plan: IntegersPlan): void {
  const { predictor, residuals, rice, line } = plan;
  const headLength = Math.min(headLengths[predictor], residuals.length);
  if (predictor === 'line') {
    writer.signedVarint(line.start);
    writer.signedVarint(line.span);
  }
  for (let index = 0; index < headLength; index++) writer.signedVarint(residuals[index]!);
  writer.signedVarint(rice.base);
  writer.byte(rice.bits);
  const bits = new BitWriter(writer);
  writeRice(bits, residuals, headLength, rice);
  bits.end();
}

/** Reads `integers.length` numbers up to the end of the bytes. */
export function readIntegers(reader: ByteReader, predictor: Predictor, integers: Float64Array): void {
  const headLength = Math.min(headLengths[predictor], integers.length);
  const line =
    predictor === 'line' ? { start: reader.signedVarint(), span: reader.signedVarint() } : undefined;
  for (let index = 0; index < headLength; index++) integers[index] = reader.signedVarint();
  const base = reader.signedVarint();
  const bits = new BitReader(reader.bytes, reader.position + 1);
  readRice(bits, integers, headLength, { base, bits: reader.byte() });
  bits.end();
  if (line) addLine(integers, line);
  if (predictor === 'slope') accumulate(integers, 2);
  if (predictor === 'slope' || predictor === 'delta') accumulate(integers, 1);
}

function residualsOf(integers: Float64Array, predictor: Predictor, line: Line): Float64Array | undefined {
  const residuals = integers.slice();
  if (predictor === 'line') {
    for (let index = 0; index < residuals.length; index++) {
      residuals[index]! -= lineAt(line, index, residuals.length);
    }
  }
  if (predictor === 'delta' || predictor === 'slope') differentiate(residuals, 1);
  if (predictor === 'slope') differentiate(residuals, 2);
  // Beyond 2^52 a difference may have been rounded.
  for (let index = 0; index < residuals.length; index++) {
    if (!(Math.abs(residuals[index]!) < integerBound)) return undefined;
  }
  return residuals;
}

/** Replaces each number from `from` on by its difference to the one before. */
function differentiate(numbers: Float64Array, from: number): void {
  for (let index = numbers.length - 1; index >= from; index--) numbers[index]! -= numbers[index - 1]!;
}

/** The inverse of `differentiate`. */
function accumulate(numbers: Float64Array, from: number): void {
  for (let index = from; index < numbers.length; index++) numbers[index]! += numbers[index - 1]!;
}

/** The line at `index`, rounded half up: two IEEE operations and a floor, the same in every language. */
function lineAt({ start, span }: Line, index: number, length: number): number {
  return start + Math.floor(index * (span / (length - 1)) + 0.5);
}

function addLine(integers: Float64Array, line: Line): void {
  if (integers.length < 3) throw new DamagedBytes('a line through fewer than three values');
  for (let index = 0; index < integers.length; index++) {
    integers[index]! += lineAt(line, index, integers.length);
  }
}

/** Least squares, in whole numbers. */
function fitLine(integers: Float64Array): Line {
  const { length } = integers;
  const origin = integers[0]!;
  const middle = (length - 1) / 2;
  let sum = 0;
  let sumByIndex = 0;
  for (let index = 0; index < length; index++) {
    const value = integers[index]! - origin;
    sum += value;
    sumByIndex += (index - middle) * value;
  }
  const perStep = sumByIndex / ((length * (length * length - 1)) / 12);
  const start = Math.round(origin + sum / length - perStep * middle);
  return { start: clamped(start), span: clamped(Math.round(perStep * (length - 1))) };
}

function clamped(value: number): number {
  return Math.min(Math.max(value, 1 - integerBound), integerBound - 1) + 0;
}

function headBytes(residuals: Float64Array, predictor: Predictor, line: Line): number {
  if (predictor === 'line') return varintBytes(line.start) + varintBytes(line.span);
  let bytes = 0;
  for (let index = 0; index < Math.min(headLengths[predictor], residuals.length); index++) {
    bytes += varintBytes(residuals[index]!);
  }
  return bytes;
}

function varintBytes(value: number): number {
  return Math.max(1, Math.ceil(Math.log2(2 * Math.abs(value) + 2) / 7));
}
