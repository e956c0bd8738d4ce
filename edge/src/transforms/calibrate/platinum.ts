/**
 * Coefficients of the Callendar–Van Dusen equation for industrial platinum thermometers (IEC 60751:2022,
 * clause 4.2; ITS-90; 0.003851 K⁻¹): R(t) = R0·(1 + A·t + B·t² + C·(t − 100)·t³), t in Cel, the term with C
 * only below 0 °C.
 */
const a = 3.9083e-3;
const b = -5.775e-7;
const c = -4.183e-12;

/** The range for which the standard gives the equation, in degrees Celsius. */
export const platinumMinCel = -200;
/** Its upper end. */
export const platinumMaxCel = 850;

/** The standard's own table has 0.01 Ohm, some 0.03 K: so far a reading may lie beyond the ends of the range. */
const endK = 0.05;

/** Steps of Newton's method; four are enough for 1e-9 K from -200 °C on. */
const newtonStepsMax = 8;

/** Resistance in Ohm at a temperature in Cel, for a thermometer of `nominalOhm` at 0 °C. */
export function platinumOhm(cel: number, nominalOhm: number): number {
  return nominalOhm * ratio(cel);
}

/**
 * Temperature in Cel of a resistance in Ohm: in closed form from 0 °C on, below by Newton's method from the
 * quadratic's root. NaN outside -200 to 850 °C.
 */
export function platinumCel(ohm: number, nominalOhm: number): number {
  const relative = ohm / nominalOhm;
  const discriminant = a * a - 4 * b * (1 - relative);
  if (!(relative > 0) || discriminant < 0) return Number.NaN;
  const quadratic = (Math.sqrt(discriminant) - a) / (2 * b);
  const cel = relative >= 1 ? quadratic : belowZero(relative, quadratic);
  return cel >= platinumMinCel - endK && cel <= platinumMaxCel + endK ? cel : Number.NaN;
}

function ratio(cel: number): number {
  const below = cel < 0 ? c * (cel - 100) * cel ** 3 : 0;
  return 1 + a * cel + b * cel * cel + below;
}

function belowZero(relative: number, startCel: number): number {
  let cel = startCel;
  for (let step = 0; step < newtonStepsMax; step++) {
    const slope = a + 2 * b * cel + c * (4 * cel ** 3 - 300 * cel * cel);
    const change = (ratio(cel) - relative) / slope;
    cel -= change;
    if (Math.abs(change) < 1e-12) break;
  }
  return cel;
}
