/** 0 °C in kelvin. */
const zeroCelK = 273.15;

/** Coefficients of the Steinhart–Hart equation, in 1/K. */
export interface SteinhartHart {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/**
 * Temperature in Cel of a thermistor of `ohm`: 1/T = A + B·ln R + C·(ln R)³, T in K (J. S. Steinhart and
 * S. R. Hart, Deep-Sea Research 15, 1968, p. 497). NaN where there is none: no resistance, or T not above 0 K.
 */
export function thermistorCel(ohm: number, { a, b, c }: SteinhartHart): number {
  if (!(ohm > 0)) return Number.NaN;
  const log = Math.log(ohm);
  const inverseK = a + b * log + c * log ** 3;
  return inverseK > 0 ? 1 / inverseK - zeroCelK : Number.NaN;
}

/**
 * Resistance in Ohm at a temperature in Cel: the real root of the cubic in ln R by Cardano's formula. With
 * C = 0 it is the equation of the B parameter.
 */
export function thermistorOhm(cel: number, { a, b, c }: SteinhartHart): number {
  const constant = a - 1 / (cel + zeroCelK);
  if (c === 0) return Math.exp(-constant / b);
  const half = constant / (2 * c);
  const root = Math.sqrt((b / (3 * c)) ** 3 + half * half);
  return Math.exp(Math.cbrt(root - half) - Math.cbrt(root + half));
}

/**
 * The B parameter equation 1/T = 1/T0 + ln(R/R0)/B as coefficients of Steinhart–Hart with C = 0. `kelvin` is
 * B in K; the thermistor has `ohm` at `cel`.
 */
export function betaCoefficients(kelvin: number, ohm: number, cel: number): SteinhartHart {
  return { a: 1 / (cel + zeroCelK) - Math.log(ohm) / kelvin, b: 1 / kelvin, c: 0 };
}
