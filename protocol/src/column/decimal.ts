import { integerBound } from './integers.ts';

/** Powers of ten that a double holds exactly, as far as sensors give decimals. */
export const exponentMax = 15;
const powers = Array.from({ length: exponentMax + 1 }, (_, exponent) => 10 ** exponent);

/** Values as whole numbers: `values[i] === integers[i] / 10 ** exponent`, to the bit. */
export interface ScaledIntegers {
  readonly exponent: number;
  readonly integers: Float64Array;
}

/**
 * Finds the smallest decimal exponent at which all values are whole; undefined where there is none, since
 * the values are not decimals. Division is correctly rounded by IEEE 754, so that a decimal of up to 15
 * digits comes back to the bit. Negative zeros become zeros: the caller notes where they were.
 */
export function scaleToIntegers(values: Float64Array): ScaledIntegers | undefined {
  let exponent = 0;
  for (let index = 0; index < values.length; index++) {
    while (!isWholeAt(values[index]!, exponent)) {
      exponent += 1;
      if (exponent > exponentMax) return undefined;
    }
  }
  const power = powers[exponent]!;
  const integers = new Float64Array(values.length);
  for (let index = 0; index < values.length; index++) {
    if (!isWholeAt(values[index]!, exponent)) return undefined;
    integers[index] = Math.round(values[index]! * power) + 0;
  }
  return { exponent, integers };
}

/** Divides in place: the inverse. */
export function scaleFromIntegers(integers: Float64Array, exponent: number): void {
  if (exponent === 0) return;
  const power = powers[exponent]!;
  for (let index = 0; index < integers.length; index++) integers[index]! /= power;
}

function isWholeAt(value: number, exponent: number): boolean {
  const power = powers[exponent]!;
  const integer = Math.round(value * power);
  return Math.abs(integer) < integerBound && integer / power === value;
}
