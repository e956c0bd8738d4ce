import { unzigzag } from './varint.ts';

/** Bytes before the number (form, length, predictor and exponent) and behind it (parameter, one residual of 0). */
const headBytes = 3;
const tailBytes = 2;
/** Form of whole numbers, length 1, predictor `level`, as `column.ts` and `integers.ts` write them. */
const integersForm = 2;
const exponentMax = 15;
/** Numbers of so many bytes are far below the bound of a column's integers. */
const numberBytesMax = 7;
const powers = Array.from({ length: exponentMax + 1 }, (_, exponent) => 10 ** exponent);

/**
 * The value of the packed column in `bytes[start, end)`, where it holds one decimal as `packFloats` writes it;
 * NaN for every other column, which `unpackFloats` then reads or refuses. Messages of one reading are made of these.
 */
export function unpackOneDecimal(bytes: Uint8Array, start: number, end: number): number {
  const numberBytes = end - start - headBytes - tailBytes;
  if (numberBytes < 1 || numberBytes > numberBytesMax) return NaN;
  if (bytes[start] !== integersForm || bytes[start + 1] !== 1 || bytes[start + 2]! > exponentMax) return NaN;
  if (bytes[end - 2] !== 0 || bytes[end - 1] !== 0) return NaN;
  let number = 0;
  let scale = 1;
  const last = end - tailBytes - 1;
  for (let at = start + headBytes; at <= last; at++) {
    const byte = bytes[at]!;
    // The top bit says that more follow: of the last byte alone it is clear.
    if (byte >= 0x80 === (at === last)) return NaN;
    number += (byte & 0x7f) * scale;
    scale *= 0x80;
  }
  return unzigzag(number) / powers[bytes[start + 2]!]!;
}
