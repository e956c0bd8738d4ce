/** Bytes that a number takes at most: the longest double is `-2.2250738585072014e-308`. */
export const numberBytesMax = 26;

const zero = 0x30;
const minus = 0x2d;
const point = 0x2e;

/** Decimals that are looked for: what instruments resolve. */
const powersOfTen = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/** Below it every whole number is a 32-bit integer, on which the engine calculates fastest. */
const intMax = 2 ** 31;

const usPerSec = 1e6;

/** The digits of 000 to 999. */
const triples = Uint8Array.from({ length: 3000 }, (_, at) => {
  const digits = String(Math.floor(at / 3)).padStart(3, '0');
  return digits.charCodeAt(at % 3);
});

/**
 * Writes a finite number so that it reads back as the same double, and answers where it ends. A value of few decimals, as
 * instruments give them, is written as a whole number with a point in it: a whole number divided by a power of ten that a double
 * holds is rounded once, as reading the text is (Clinger 1990, the exact case). Others are written by the engine.
 *
 * `at` must leave `numberBytesMax` bytes.
 */
export function writeFloat(bytes: Uint8Array, at: number, value: number): number {
  for (let decimals = 0; decimals < powersOfTen.length; decimals++) {
    const power = powersOfTen[decimals]!;
    const scaled = value * power;
    if (scaled >= intMax || scaled <= -intMax) break;
    const whole = Math.round(scaled);
    if (whole / power === value) return writeScaled(bytes, at, whole | 0, decimals);
  }
  return writeText(bytes, at, String(value));
}

/** Writes `whole / 10 ** decimals`. */
function writeScaled(bytes: Uint8Array, start: number, whole: number, decimals: number): number {
  let at = start;
  if (whole < 0) bytes[at++] = minus;
  const left = Math.abs(whole);
  if (decimals === 0) return writeWhole(bytes, at, left);
  const power = powersOfTen[decimals]!;
  const units = Math.floor(left / power);
  at = writeWhole(bytes, at, units);
  bytes[at] = point;
  let rest = left - units * power;
  for (let place = at + decimals; place > at; place--) {
    const tens = Math.floor(rest / 10);
    bytes[place] = zero + (rest - tens * 10);
    rest = tens;
  }
  return at + decimals + 1;
}

/** Writes a whole number from 0 to `intMax`. */
function writeWhole(bytes: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = zero + value;
    return at + 1;
  }
  let length = 2;
  for (let power = 100; length < 10 && value >= power; power *= 10) length += 1;
  let left = value;
  for (let place = at + length - 1; place >= at; place--) {
    const tens = Math.floor(left / 10);
    bytes[place] = zero + (left - tens * 10);
    left = tens;
  }
  return at + length;
}

/** Writes ASCII text. */
export function writeText(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** Writes times: their seconds are those of the time before in most cases. */
export class TimeBytes {
  #sec = NaN;
  #digits: Uint8Array = new Uint8Array(0);

  /** Writes a whole number of microseconds, and answers where it ends. `at` must leave `numberBytesMax` bytes. */
  write(bytes: Uint8Array, start: number, timeUs: number): number {
    const sec = Math.floor(timeUs / usPerSec);
    if (sec !== this.#sec) {
      if (timeUs < usPerSec) return writeText(bytes, start, String(timeUs));
      this.#sec = sec;
      this.#digits = Uint8Array.from(String(sec), (digit) => digit.charCodeAt(0));
    }
    const digits = this.#digits;
    let at = start;
    for (let index = 0; index < digits.length; index++) bytes[at++] = digits[index]!;
    const us = timeUs - sec * usPerSec;
    const ms = Math.floor(us / 1000);
    at = writeTriple(bytes, at, ms);
    return writeTriple(bytes, at, us - ms * 1000);
  }
}

function writeTriple(bytes: Uint8Array, at: number, value: number): number {
  const from = value * 3;
  bytes[at] = triples[from]!;
  bytes[at + 1] = triples[from + 1]!;
  bytes[at + 2] = triples[from + 2]!;
  return at + 3;
}
