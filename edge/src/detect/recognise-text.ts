import { parseTemperature } from '../drivers/thermometer/parse-temperature.ts';
import { parseNumber } from '../fields/parse-number.ts';
import { recogniseJsonLines } from './recognise-json-lines.ts';
import { noise, promising, recognised, type Hearing, type Recognition } from './recognition.ts';
import { recogniseNumbers } from './recognise-numbers.ts';
import { textLines } from './text-lines.ts';

/** Lines of one shape that it takes; more where noise came before them. */
const linesLeast = { clean: 3, afterNoise: 6 };
/** A bare number within these is taken for a temperature, in degrees Celsius. */
const bareTemperature = { least: -60, most: 150 };

/** Lines of text: JSON, thermometers, numbers with separators or words between them. */
export function recogniseText(bytes: Uint8Array): Hearing {
  const { lines, hasNoise, endsAsText } = textLines(bytes);
  const least = hasNoise ? linesLeast.afterNoise : linesLeast.clean;
  if (lines.length >= least) {
    const found = recogniseLines(lines);
    if (found !== undefined) return recognised(found);
  }
  // Text of one shape may follow a first part of another: a greeting at the start of the sensor.
  return endsAsText && !hasNoise && bytes.length > 0 ? promising : noise;
}

function recogniseLines(all: readonly string[]): Recognition | undefined {
  // The newest lines decide; what a sensor says when it starts need not fit.
  const lines = all.slice(-Math.max(linesLeast.clean, Math.ceil(all.length / 2)));
  return recogniseJsonLines(lines) ?? recogniseThermometer(lines) ?? recogniseNumbers(lines);
}

function recogniseThermometer(lines: readonly string[]): Recognition | undefined {
  const values = lines.map(parseTemperature);
  if (values.includes(undefined)) return undefined;
  const isBare = lines.every((line) => parseNumber(line) !== undefined);
  const isLikely = values.every(
    (value) => value !== undefined && value >= bareTemperature.least && value <= bareTemperature.most,
  );
  if (isBare && !isLikely) return undefined;
  return {
    format: 'thermometer',
    frames: lines.length,
    sample: lines.at(-1) ?? '',
    quantities: [{ quantity: 'temperature', unit: 'Cel' }],
    sensor: { driver: 'thermometer', settings: {} },
  };
}
