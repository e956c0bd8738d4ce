import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createAdc } from './adc.ts';
import { cobsEncode } from './cobs.ts';
import { crc16 } from './crc16.ts';
import { createGnss, gnssRecordings } from './gnss.ts';
import { readEpochs } from './gnss-epochs.ts';
import { expectedReadings } from './gnss-oracle.ts';
import { seattleTemperature } from './seattle-series.ts';
import { createThermometer } from './thermometer.ts';

test('the Seattle series is the recorded one at whole hours, linear between them, and goes round', () => {
  expect([0, 1, 2].map(seattleTemperature)).toEqual([4, 3.9, 3.8]);
  expect(seattleTemperature(0.5)).toBeCloseTo(3.95, 9);
  expect(seattleTemperature(8759)).toBe(seattleTemperature(0));
});

test.each([
  ['plain', /^-?\d+\.\d\d\r\n$/],
  ['labelled', /^T=-?\d+\.\d\dC\r\n$/],
  ['json', /^\{"temperature":-?\d+\.\d\d\}\r\n$/],
  ['delimited', /^-?\d+\.\d\d,\d+\.\d,\d+\.\d\r\n$/],
] as const)('a thermometer speaks %s, and its oracle is the number on the line', (format, shape) => {
  const thermometer = createThermometer({ format, seed: 7 });
  const again = createThermometer({ format, seed: 7 });
  for (let line = 0; line < 50; line += 1) {
    const { frame } = thermometer.next();
    const text = Buffer.from(frame.bytes).toString();
    expect(text).toMatch(shape);
    expect(Number(/-?\d+\.\d\d/.exec(text)?.[0])).toBe(frame.readings['temperature']);
    expect(again.next().frame).toEqual(frame);
  }
});

test('CRC-16/CCITT-FALSE of the check string', () => {
  expect(crc16(Buffer.from('123456789'))).toBe(0x29b1);
});

test.each([
  [[], [1]],
  [[0], [1, 1]],
  [
    [0x11, 0x22, 0, 0x33],
    [3, 0x11, 0x22, 2, 0x33],
  ],
  [
    [0x11, 0, 0, 0],
    [2, 0x11, 1, 1, 1],
  ],
])('COBS of %j is %j, as its authors print it', (plain, stuffed) => {
  expect([...cobsEncode(Uint8Array.from(plain))]).toEqual(stuffed);
});

test('an ADC frame: one zero at its end, counter and interval in the header, volts as the counts say', () => {
  const adc = createAdc({ channels: 2, block: 3, ratePerSec: 2000, firstCounter: 2 ** 32 - 3 });
  const first = adc.next();
  expect(first.untilNextMs).toBe(1.5);
  expect(first.frame.bytes.indexOf(0)).toBe(first.frame.bytes.length - 1);
  expect(Object.keys(first.frame.readings)).toEqual(['ch0', 'ch1']);
  expect(first.frame.readings['ch0']).toHaveLength(3);
  // COBS leaves bytes that are not zero where they stand: counter fffffffd at 4…7, one code byte before.
  expect([...first.frame.bytes.subarray(5, 9)]).toEqual([0xfd, 0xff, 0xff, 0xff]);
});

test('recordings begin with a time of day, keep every byte, and step as their sentences do', () => {
  const url = new URL('../../recordings/gnss/walk.nmea', import.meta.url);
  const epochs = readEpochs(readFileSync(url));
  expect(epochs).toHaveLength(49);
  expect(Buffer.concat(epochs.map((epoch) => epoch.bytes))).toEqual(readFileSync(url));
  const gnss = createGnss({ recording: 'walk', speed: 10 });
  expect([gnss.next().untilNextMs, gnss.next().untilNextMs].map(Math.round)).toEqual([100, 100]);
  expect(createGnss({ recording: 'rtk' }).next().untilNextMs).toBeCloseTo(100, 6);
});

test.each(gnssRecordings)('%s replays for ever', (recording) => {
  const gnss = createGnss({ recording });
  for (let epoch = 0; epoch < 300; epoch += 1) {
    const { frame, untilNextMs } = gnss.next();
    expect(frame.bytes.length).toBeGreaterThan(0);
    expect(untilNextMs).toBeGreaterThan(0);
  }
});

test('the oracle reads what gpsd read of the same epoch', () => {
  const epoch =
    '$GPGGA,095330.796,2712.6413,S,15303.1218,E,1,05,07.5,12.4,M,42.2,M,,*49\r\n$GPRMC,095330.796,A,2712.6413,S,15303.1218,E,1.72,276.34,080407,,,A*74\r\n';
  const readings = expectedReadings(Buffer.from(epoch));
  expect(readings).toMatchObject({ satellites: 5, hdop: 7.5, altitude: 12.4, course: 276.34 });
  expect(readings['lat']).toBeCloseTo(-27.210688333, 8);
  expect(readings['lon']).toBeCloseTo(153.05203, 8);
  expect(readings['speed']).toBeCloseTo(0.8848, 3);
  expect(expectedReadings(Buffer.from(epoch.replaceAll('276', '277').replace('12.4', '12.5')))).toEqual({});
});
