import { describe, expect, it } from 'vitest';
import { RecordingHost } from '../../testing/recording-host.ts';
import { parseTemperature } from './parse-temperature.ts';
import { thermometer } from './thermometer.ts';

describe('a line of a thermometer', () => {
  it.each([
    ['23.4', 23.4],
    ['-0.0', 0],
    [' +7 ', 7],
    ['T=23.4C', 23.4],
    ['temp: -5.25 °C', -5.25],
    ['Temperature=212F', 100],
    ['300.15 K', 27],
    ['1.5e1', 15],
    ['{"temperature": 23.4, "humidity": 40}', 23.4],
    ['{"t": "21.5C"}', 21.5],
    ['{"temp": 50, "unit": "F"}', 10],
    ['{"temperature": null}', Number.NaN],
    ['nan', Number.NaN],
    ['T=-inf', Number.NEGATIVE_INFINITY],
    ['1e309', Number.POSITIVE_INFINITY],
    ['{"temperature": 1e309}', Number.POSITIVE_INFINITY],
  ])('%s is %d', (line, value) => {
    const parsed = parseTemperature(line) ?? 'none';
    expect(typeof parsed === 'number' && Number.isFinite(parsed) ? Number(parsed.toFixed(9)) : parsed).toBe(
      value,
    );
  });

  it.each([
    '',
    'hello',
    '23,4',
    '23.4 23.5',
    '{"humidity": 40}',
    '{"temperature": true}',
    '{',
    '23.4V',
    '0x10',
    '{"__proto__": 1}',
    'null',
  ])('%s is none', (line) => {
    expect(parseTemperature(line)).toBeUndefined();
  });
});

it('takes no reading from a line whose beginning may be missing', () => {
  const bound = thermometer.bind({ port: '/dev/null' });
  if (!bound.ok) throw new Error(bound.refusal.detail);
  const host = new RecordingHost(bound.value);
  host.feed('3.4\r\n23.5\r\n', true);
  expect(host.rows).toEqual([{ at: 0, temperature: 23.5 }]);
  expect(host.discarded).toEqual({ first: 1 });
});
