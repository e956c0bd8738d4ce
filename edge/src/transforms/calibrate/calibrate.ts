import { accepted, refused, type Result } from '@fieldline/protocol';
import { defineTransform } from '../definition.ts';
import { convertingStage, linearStage, overflowReason } from '../map-values.ts';
import type { BoundTransform, Transform } from '../transform.ts';
import { calibrateKeys, type CalibrateKeys } from './methods.ts';
import { platinumCel } from './platinum.ts';
import { interpolate, toTable } from './table.ts';
import { betaCoefficients, thermistorCel, type SteinhartHart } from './thermistor.ts';

/** What a method makes: a stage without memory, and the unit of its results where it is known. */
interface Method {
  readonly stage: Transform;
  readonly unit?: string;
}

/** Readings of a raw kind (counts, volts, ohms) made into readings of the quantity. */
export const calibrate = defineTransform({
  name: 'calibrate',
  summary:
    'Makes the measured quantity of what the sensor gives, by exactly one method. Several may follow one another: V by `divider` to Ohm, by `thermistor` to Cel.',
  settings: calibrateKeys,
  reasons: [
    { reason: 'outside-calibration', of: 'a value for which the method has no result', outcome: 'dropped' },
    overflowReason,
  ],
  bind(settings, unit) {
    const { unit: named, ...methods } = settings;
    const count = Object.keys(methods).length;
    if (count !== 1) {
      const names = 'linear, polynomial, table, divider, thermistor, platinum';
      return refused('CONFIG_INVALID_VALUE', `give one of ${names}; ${count} are given`);
    }
    const method = toMethod(methods);
    if (!method.ok) return method;
    const { stage } = method.value;
    const transform: BoundTransform = { name: 'calibrate', marks: false, create: () => stage };
    return accepted({ transform, unit: named ?? method.value.unit ?? unit });
  },
});

function toMethod({
  linear,
  polynomial,
  table,
  divider,
  thermistor,
  platinum,
}: CalibrateKeys): Result<Method> {
  if (linear) return accepted({ stage: linearStage('calibrate', linear.scale ?? 1, linear.offset ?? 0) });
  if (polynomial) return accepted({ stage: polynomialStage(polynomial.coefficients) });
  if (table) return tableMethod(table);
  if (divider) return accepted({ stage: dividerStage(divider), unit: 'Ohm' });
  if (thermistor) return thermistorMethod(thermistor);
  const nominal = platinum?.nominal ?? 100;
  return accepted({ stage: outsideStage((ohm) => platinumCel(ohm, nominal)), unit: 'Cel' });
}

function outsideStage(convert: (value: number) => number): Transform {
  return convertingStage('calibrate', convert, 'outside-calibration');
}

/** By Horner's rule. Infinities that cancel are as much an overflow as those that stay. */
function polynomialStage(coefficients: readonly number[]): Transform {
  const descending = Float64Array.from(coefficients).reverse();
  return convertingStage(
    'calibrate',
    (value) => {
      let result = 0;
      for (let index = 0; index < descending.length; index++) result = result * value + descending[index]!;
      return result;
    },
    'overflow',
  );
}

function tableMethod({ points, outside = 'drop' }: NonNullable<CalibrateKeys['table']>): Result<Method> {
  const table = toTable(points);
  if (!table.ok) return table;
  return accepted({ stage: outsideStage((value) => interpolate(table.value, value, outside)) });
}

/** U = supply · R / (R + resistor) with the sensor below, solved for R. No current or no drop has no result. */
function dividerStage({
  supply,
  resistor,
  sensor = 'low',
}: NonNullable<CalibrateKeys['divider']>): Transform {
  return outsideStage((volts) => {
    if (!(volts > 0 && volts < supply)) return Number.NaN;
    const ratio = volts / (supply - volts);
    return sensor === 'low' ? resistor * ratio : resistor / ratio;
  });
}

function thermistorMethod(keys: NonNullable<CalibrateKeys['thermistor']>): Result<Method> {
  const coefficients = toCoefficients(keys);
  if (!coefficients.ok) return coefficients;
  return accepted({ stage: outsideStage((ohm) => thermistorCel(ohm, coefficients.value)), unit: 'Cel' });
}

function toCoefficients(keys: NonNullable<CalibrateKeys['thermistor']>): Result<SteinhartHart> {
  const { a, b, c, beta, nominal = 10_000, nominalAt = 25 } = keys;
  const given = [a, b, c].filter((each) => each !== undefined).length;
  if (beta !== undefined && given === 0) return accepted(betaCoefficients(beta, nominal, nominalAt));
  if (beta === undefined && a !== undefined && b !== undefined && c !== undefined)
    return accepted({ a, b, c });
  return refused('CONFIG_INVALID_VALUE', 'thermistor: give a, b and c, or beta');
}
