import { describe, expect, test } from 'vitest';
import { showQuantity } from './names.ts';
import { showAgo, showDuration } from './times.ts';
import { showCount, showSize, showValueText } from './units.ts';

describe('values', () => {
  test.each([
    [23.4, 'Cel', '23.40 °C'],
    [-7.456, 'Cel', '−7.46 °C'],
    [-0.001, 'Cel', '0.00 °C'],
    [47.60623, 'lat', '47.606230° N'],
    [-122.33211, 'lon', '122.332110° W'],
    [12.345, 'm/s', '12.35 m/s'],
    [9, 'count', '9'],
    [55.25, '%RH', '55.3 % RH'],
    [270.5, 'deg', '270.5°'],
    [2.5, 'm/s2', '2.500 m/s²'],
    [3, 'constructor', '3.000 constructor'],
    [101325, 'Pa', '101,325 Pa'],
    [1.5, 'furlong', '1.500 furlong'],
    [null, 'Cel', '–'],
    [Number.POSITIVE_INFINITY, 'Cel', '–'],
  ])('%s in %s reads %s', (value, unit, text) => expect(showValueText(value, unit)).toBe(text));

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [18_240_000, '18 MB'],
    [999_700, '1.0 MB'],
    [5e12, '5,000 GB'],
  ])('%d bytes read %s', (sizeBytes, text) => expect(showSize(sizeBytes)).toBe(text));

  test('counts have their thousands apart', () => expect(showCount(1284531)).toBe('1,284,531'));
});

describe('times', () => {
  test('ages in one unit', () => {
    const now = 1e15;
    expect([null, now, now - 12e6, now - 185e6].map((time) => showAgo(time, now))).toEqual([
      'never',
      'now',
      '12 s ago',
      '3 min ago',
    ]);
    expect([59e6, 3600e6, 200000e6].map(showDuration)).toEqual(['59 s', '1 h', '2 d']);
  });
});

test('quantities read as people write them, and odd ones as they came', () => {
  expect(['temperature', 'hdop', 'ch3', 'wind_speed', '__proto__', 'constructor'].map(showQuantity)).toEqual([
    'Temperature',
    'HDOP',
    'Channel 3',
    'Wind speed',
    ' proto ',
    'Constructor',
  ]);
});
