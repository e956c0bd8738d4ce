import { readFileSync } from 'node:fs';

const file = new URL('../../recordings/weather/seattle-temperature.txt', import.meta.url);
let series: Float64Array | undefined;

function load(): Float64Array {
  const lines = readFileSync(file, 'utf8').split('\n');
  return Float64Array.from(lines.filter((line) => line !== '' && !line.startsWith('#')).map(Number));
}

/**
 * Air temperature of Seattle in degrees Celsius, `hour` hours (any real number from 0) after 1 January 01:00;
 * linear between the hourly values, and round again after the year.
 */
export function seattleTemperature(hour: number): number {
  series ??= load();
  const before = Math.floor(hour) % series.length;
  const share = hour - Math.floor(hour);
  const from = series[before] ?? 0;
  const to = series[(before + 1) % series.length] ?? 0;
  return from + share * (to - from);
}
