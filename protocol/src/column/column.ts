import { accepted, refused, type Result } from '../errors/index.ts';
import { scaleFromIntegers, scaleToIntegers, exponentMax } from './decimal.ts';
import { planIntegers, predictors, readIntegers, writeIntegers, type IntegersPlan } from './integers.ts';
import { markNegativeZeros, readNegativeZeros, writeNegativeZeros } from './negative-zeros.ts';
import { readPresence, selectPresent, spreadPresent, writePresence } from './presence.ts';
import { ByteReader, ByteWriter, DamagedBytes } from './varint.ts';
import { readXor, writeXor } from './xor.ts';

/** What stands in the low 4 bits of the first byte. */
const form = { raw: 0, constant: 1, integers: 2, xor: 3 } as const;
const formMask = 0x0f;
/** Flags of the first byte. */
const hasAbsent = 0x80;
const hasNegativeZeros = 0x40;
const knownBits = formMask | hasAbsent | hasNegativeZeros;

/** Most values of a column where the caller names no other limit. */
export const columnValuesMax = 1_000_000;
/** From so many bits a value on, whole numbers gain little, and XOR is tried beside them. */
const wideBits = 24;
const doubleBits = 64;

/** What packed bytes may declare at most. */
export interface ColumnLimits {
  /** Most values that the column may declare; default 1,000,000. Nothing is allocated beyond it. */
  readonly valuesMax?: number;
}

/**
 * Packs doubles to the bit, negative zeros and infinities too; NaN says that the value is absent (the bits
 * of a NaN are not kept). Takes the smallest of: one constant, scaled integers by one of four predictors,
 * XOR, the plain doubles. docs/reference/wire.md describes the bytes.
 */
export function packFloats(values: Float64Array): Uint8Array {
  const present = selectPresent(values);
  const scaled = present.length > 0 ? scaleToIntegers(present) : undefined;
  const plan = scaled && planIntegers(scaled.integers);
  if (isConstant(present) && !(plan && plan.sizeBits < doubleBits)) {
    return packed(form.constant, values, present, (writer) => writer.double(present[0]!));
  }
  if (plan && plan.sizeBits < wideBits * present.length)
    return packScaled(values, present, scaled.exponent, plan);
  const xored = new ByteWriter();
  writeXor(xored, present);
  const smallestBits = 8 * Math.min(xored.length, 8 * present.length);
  if (plan && plan.sizeBits < smallestBits) return packScaled(values, present, scaled.exponent, plan);
  if (8 * xored.length === smallestBits) {
    return packed(form.xor, values, present, (writer) => writer.append(xored));
  }
  return packRaw(values, present);
}

/** Packs doubles as they are, for who has no time to look for a smaller form; `unpackFloats` reads them, too. */
export function packPlainFloats(values: Float64Array): Uint8Array {
  return packRaw(values, selectPresent(values));
}

function packRaw(values: Float64Array, present: Float64Array): Uint8Array {
  return packed(form.raw, values, present, (writer) => {
    writer.reserve(present.length * Float64Array.BYTES_PER_ELEMENT);
    for (let index = 0; index < present.length; index++) writer.double(present[index]!);
  });
}

/** The inverse of `packFloats`; refused (`BATCH_INVALID`) where the bytes are damaged or beyond the limit. */
export function unpackFloats(bytes: Uint8Array, limits: ColumnLimits = {}): Result<Float64Array> {
  try {
    return accepted(readColumn(new ByteReader(bytes), limits.valuesMax ?? columnValuesMax));
  } catch (error) {
    if (error instanceof DamagedBytes) return refused('BATCH_INVALID', `packed column: ${error.message}`);
    throw error;
  }
}

/** Packs times: safe integers, in µs, in any order. The same bytes as of `packFloats`. */
export function packTimes(times: Float64Array): Uint8Array {
  return packFloats(times);
}

/** The inverse of `packTimes`; refused too where a value is not a safe integer. */
export function unpackTimes(bytes: Uint8Array, limits: ColumnLimits = {}): Result<Float64Array> {
  const unpacked = unpackFloats(bytes, limits);
  if (unpacked.ok && !unpacked.value.every(Number.isSafeInteger)) {
    return refused('BATCH_INVALID', 'packed column: a time is not a whole number');
  }
  return unpacked;
}

function packScaled(
  values: Float64Array,
  present: Float64Array,
  exponent: number,
  plan: IntegersPlan,
): Uint8Array {
  const zeros = markNegativeZeros(present);
  const kind = form.integers | (zeros.length > 0 ? hasNegativeZeros : 0);
  return packed(kind, values, present, (writer) => {
    writeNegativeZeros(writer, zeros);
    writer.byte((predictors.indexOf(plan.predictor) << 4) | exponent);
    writeIntegers(writer, plan);
  });
}

/** First byte, number of values, presence, then what `write` adds. */
function packed(
  kind: number,
  values: Float64Array,
  present: Float64Array,
  write: (writer: ByteWriter) => void,
): Uint8Array {
  const writer = new ByteWriter();
  const someAbsent = present.length < values.length;
  writer.byte(kind | (someAbsent ? hasAbsent : 0));
  writer.varint(values.length);
  if (someAbsent) writePresence(writer, values);
  write(writer);
  return writer.finish();
}

function readColumn(reader: ByteReader, valuesMax: number): Float64Array {
  const head = reader.byte();
  if ((head & ~knownBits) !== 0) throw new DamagedBytes(`its first byte is ${head}`);
  const length = reader.varint();
  if (length > valuesMax) throw new DamagedBytes(`it declares ${length} values, more than ${valuesMax}`);
  const presence = head & hasAbsent ? readPresence(reader, length) : undefined;
  const count = presence ? presence.count : length;
  const zeros = head & hasNegativeZeros ? readNegativeZeros(reader, count) : [];
  const values = readForm(reader, head & formMask, count);
  for (const index of zeros) {
    if (values[index] !== 0) throw new DamagedBytes('a negative zero that is not zero');
    values[index] = -0;
  }
  return presence ? spreadPresent(values, presence.bitmap, length) : values;
}

function readForm(reader: ByteReader, kind: number, count: number): Float64Array {
  const left = reader.bytes.length - reader.position;
  // All forms but the constant take at least a bit a value: what declares more is refused before allocation.
  if (kind !== form.constant && count > left * 8) throw new DamagedBytes('it ends too early');
  const values = new Float64Array(count);
  if (kind === form.integers) {
    readScaled(reader, values);
    return values;
  }
  if (kind === form.xor) {
    readXor(reader, values);
    return values;
  }
  if (kind === form.constant) values.fill(reader.double());
  else if (kind === form.raw) for (let index = 0; index < count; index++) values[index] = reader.double();
  else throw new DamagedBytes(`its form is ${kind}`);
  reader.end();
  return values;
}

function readScaled(reader: ByteReader, values: Float64Array): void {
  const head = reader.byte();
  const predictor = predictors[head >> 4];
  const exponent = head & 0x0f;
  if (!predictor || exponent > exponentMax) throw new DamagedBytes('its predictor is unknown');
  readIntegers(reader, predictor, values);
  scaleFromIntegers(values, exponent);
}

function isConstant(values: Float64Array): boolean {
  if (values.length === 0) return false;
  const first = values[0]!;
  for (let index = 1; index < values.length; index++) if (!Object.is(values[index], first)) return false;
  return true;
}
