import { FieldlineError } from '@fieldline/protocol';
import { seededRandom } from '../random/seeded-random.ts';
import type { Frame, Sensor } from './frame.ts';
import { seattleTemperature } from './seattle-series.ts';

/** Shapes of a line: `23.41`, `T=23.41C`, `{"temperature":23.41}`, `23.41,58.2,1013.4` (with humidity and pressure). */
export const thermometerFormats = ['plain', 'labelled', 'json', 'delimited'] as const;
/** One of `thermometerFormats`. */
export type ThermometerFormat = (typeof thermometerFormats)[number];

/** How a virtual thermometer speaks, and through which time it lives. */
export interface ThermometerOptions {
  readonly format?: ThermometerFormat;
  /** Lines a second. */
  readonly ratePerSec?: number;
  /** Seconds of the Seattle year that pass in one second here; 1800 moves a day by in 48 s. */
  readonly speed?: number;
  /** Deviation of the sensor's noise, degrees Celsius. */
  readonly noise?: number;
  /** Decimals of a line: the sensor's resolution. */
  readonly decimals?: number;
  readonly seed?: number;
}

const LINE_END = '\r\n';
const HOURS_A_YEAR = 8759;
const SECONDS_AN_HOUR = 3600;

/** A thermometer on a line protocol that lives through the real year of Seattle; the seed chooses where it starts. */
export function createThermometer(options: ThermometerOptions = {}): Sensor {
  const { format = 'plain', ratePerSec = 1, speed = 1800, noise = 0.05, decimals = 2, seed = 1 } = options;
  if (!(ratePerSec > 0 && ratePerSec <= 1000)) {
    throw new FieldlineError('SIMULATOR_BAD_OPTION', {
      subject: `--rate ${ratePerSec}`,
      detail: 'A thermometer says 0.001 to 1000 lines a second.',
    });
  }
  const random = seededRandom(seed);
  const startHour = random.integer(HOURS_A_YEAR);
  let said = 0;
  return {
    kind: 'thermometer',
    terminator: Buffer.from(LINE_END),
    next: () => {
      const hour = startHour + ((said / ratePerSec) * speed) / SECONDS_AN_HOUR;
      said += 1;
      const value = seattleTemperature(hour) + noise * random.normal();
      return { frame: temperatureFrame(value, format, decimals), untilNextMs: 1000 / ratePerSec };
    },
    say: (value) => temperatureFrame(value, format, decimals),
  };
}

/** The line that says `value` degrees Celsius, with the number that it says once rounded. */
function temperatureFrame(value: number, format: ThermometerFormat, decimals: number): Frame {
  const text = value.toFixed(decimals);
  if (format === 'delimited') return weatherFrame(text);
  const line = { plain: text, labelled: `T=${text}C`, json: `{"temperature":${text}}` }[format];
  return { bytes: Buffer.from(line + LINE_END), readings: { temperature: Number(text) } };
}

/** A weather station's line: humidity (%) and pressure (hPa) that go down and up with the temperature. */
function weatherFrame(temperature: string): Frame {
  const humidity = Math.max(0, Math.min(100, 80 - 1.5 * Number(temperature))).toFixed(1);
  const pressure = (1020 - 0.4 * Number(temperature)).toFixed(1);
  return {
    bytes: Buffer.from(`${temperature},${humidity},${pressure}${LINE_END}`),
    readings: {
      temperature: Number(temperature),
      humidity: Number(humidity),
      pressure: Number(pressure),
    },
  };
}
