import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findDriver } from '../drivers/registry.ts';
import { crc16 } from '../framing/crc16.ts';
import { recognise } from './recognise.ts';
import type { Recognition } from './recognition.ts';

const text = (...lines: string[]): Uint8Array => Buffer.from(['rest of a li', ...lines, ''].join('\r\n'));

function recognition(bytes: Uint8Array): Recognition {
  const hearing = recognise(bytes);
  if (hearing.state !== 'recognised') throw new Error(`it is ${hearing.state}`);
  return hearing.recognition;
}

/** Bytes that look random, the same each time (a linear congruential generator). */
function randomBytes(count: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

/** A frame of the MCU stream that needs no stuffing but for the zeros of its header. */
function mcuFrame(counter: number): Uint8Array {
  const body = Buffer.alloc(16 + 8 + 2);
  body.set([1, 1, 2, 0]);
  body.writeUInt32LE(counter, 4);
  body.writeUInt32LE(1_000_000, 8);
  body.writeFloatLE(0.001, 12);
  for (let at = 16; at < 24; at += 2) body.writeInt16LE(0x0101 + counter, at);
  body.writeUInt16LE(crc16(body.subarray(0, 24)), 24);
  const out: number[] = [];
  const run: number[] = [];
  for (const byte of [...body, 0]) {
    if (byte === 0) out.push(run.length + 1, ...run.splice(0));
    else run.push(byte);
  }
  return Uint8Array.from([...out, 0]);
}

describe('recognised', () => {
  it.each<[string, string[], string, object]>([
    ['bare temperatures', ['21.5', '21.6', '21.4'], 'thermometer', { temperature: 'Cel' }],
    ['marked temperatures', ['T=21.5C', 'T=9.0C', 'T=-3C'], 'thermometer', { temperature: 'Cel' }],
    [
      'a thermometer that greets',
      ['Hello v1.0', '', '21.5', '21.6', '21.4', '21.3'],
      'thermometer',
      { temperature: 'Cel' },
    ],
    ['other bare numbers', ['1013.2', '1013.3', '1013.1'], 'delimited', { value: '/' }],
    [
      'comma-separated',
      ['21.5, 40,1013', '-1.5, 39,1012', '9.5,100, 999'],
      'delimited',
      { value1: '/', value2: '/', value3: '/' },
    ],
    [
      'padded columns',
      ['T=  9.5  H= 45 %', 'T= 10.5  H=100 %', 'T=-10.5  H=  5 %'],
      'labelled',
      { temperature: 'Cel', humidity: '%RH' },
    ],
    [
      'a clock and units',
      [
        '12:00:01 P1 1013.2 hPa CO2=612 ppm',
        '12:00:02 P1 999.9 hPa CO2=613 ppm',
        '12:00:03 P1 1000 hPa CO2=614 ppm',
      ],
      'labelled',
      { value1: '/', value2: '/', value3: '/', p1: 'hPa', co2: 'ppm' },
    ],
    [
      'labels with spaces',
      ['T 5 H 6', 'T 6 H 7', 'T 7 H 8'],
      'labelled',
      { temperature: 'Cel', humidity: '%RH' },
    ],
    ['units with spaces', ['5 V 6 mA', '6 V 7 mA', '7 V 8 mA'], 'labelled', { value1: 'V', value2: 'mA' }],
    [
      'JSON of a thermometer',
      ['{"temp": 21.5}', '{"temp": 21}', '{"temp": -1}'],
      'json',
      { temperature: 'Cel' },
    ],
    [
      'JSON with more',
      [
        '{"id": "x", "air": {"temp": 21.5, "hum": 40}, "volts": [3.7]}',
        '{"id": "y", "air": {"temp": 21, "hum": 41}, "volts": [3.7]}',
        '{"id": "z", "air": {"temp": 21, "hum": 42}, "volts": [3.6]}',
      ],
      'json',
      { temperature: 'Cel', humidity: '%RH', voltage: 'V' },
    ],
    [
      'pressure',
      ['{"pressure": 1013.2}', '{"pressure": 1013.3}', '{"pressure": 1013.4}'],
      'json',
      { pressure: 'hPa' },
    ],
  ])('%s', (_, lines, format, units) => {
    const found = recognition(text(...lines));
    expect(found.format).toBe(format);
    expect(Object.fromEntries(found.quantities.map(({ quantity, unit }) => [quantity, unit]))).toEqual(units);
    const { driver, settings } = found.sensor;
    expect(findDriver(driver)?.bind({ ...settings, port: '/dev/null' })).toMatchObject({ ok: true });
  });

  it('Fahrenheit is converted', () => {
    const { sensor } = recognition(text('A 50F B 1', 'A 51F B 2', 'A 52F B 3'));
    expect(sensor.settings['fields']).toMatchObject({ a: { unit: 'Cel', scale: 5 / 9, offset: -160 / 9 } });
  });

  it('a real receiver, from the middle of a sentence on', () => {
    const log = readFileSync(new URL('../drivers/gnss/cases/ublox-8.log', import.meta.url));
    expect(recognition(log.subarray(1033, 6000))).toMatchObject({
      format: 'nmea',
      sensor: { driver: 'gnss' },
    });
  });

  it('the framed stream of a microcontroller', () => {
    const stream = Buffer.concat([mcuFrame(0).subarray(9), ...[4, 8, 12].map(mcuFrame)]);
    expect(recognition(stream)).toMatchObject({
      format: 'mcu',
      frames: 3,
      sample: '2 channels, 1000 samples/s, 2 a frame',
      sensor: { driver: 'adc', settings: { source: 'mcu', channels: [{ index: 0 }, { index: 1 }] } },
    });
  });
});

describe('not recognised', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))('noise %i', (seed) => {
    const loud = randomBytes(20_000, seed);
    expect(recognise(loud).state).not.toBe('recognised');
    // Noise of seven bits, with many line ends: nearer to text than any line is.
    const texty = loud.map((byte) => (byte > 0xf0 ? 0x0a : 0x20 + (byte & 0x3f)));
    expect(recognise(texty).state).not.toBe('recognised');
  });

  it.each([
    ['too few lines', text('21.5', '21.6'), 'promising'],
    ['words', text('hello', 'good', 'day'), 'promising'],
    ['lines of several shapes', text('a 1', 'b 2', 'c 3'), 'promising'],
    ['one sentence', Buffer.from('$GPGLL,,,,,,V,N*64\r\n'), 'promising'],
    ['nothing yet', Buffer.from('21'), 'promising'],
    ['text after noise', Buffer.from('x\r\n\u0000\u0001\r\n21.5\r\n21.5\r\n21.5\r\n'), 'noise'],
  ])('%s', (_, bytes, state) => expect(recognise(bytes).state).toBe(state));

  it('noise is forgiven where enough follows it', () => {
    const lines = Array.from({ length: 7 }, (_, at) => `21.${at}\r\n`).join('');
    expect(recognition(Buffer.from(`x\r\n\u0000\u0001\r\n${lines}`)).format).toBe('thermometer');
  });
});
