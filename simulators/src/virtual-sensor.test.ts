import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadStream } from 'node:tty';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { parseFaults } from './faults/fault-plan.ts';
import type { RecordLine } from './record/recorder.ts';
import { createThermometer } from './sensors/thermometer.ts';
import { VirtualSensor, type VirtualSensorOptions } from './virtual-sensor.ts';

/** Opens the port as a serial library does: raw, and collecting. */
class Reader {
  readonly #stream: ReadStream;
  text = '';
  readonly hungUp: Promise<void>;

  constructor(path: string) {
    this.#stream = new ReadStream(openSync(path, 'r+'));
    this.#stream.setRawMode(true);
    this.#stream.on('data', (chunk) => (this.text += chunk.toString('latin1')));
    this.hungUp = new Promise((resolve) => {
      this.#stream.on('error', () => resolve());
      this.#stream.on('close', () => resolve());
    });
  }

  async until(isEnough: (text: string) => boolean): Promise<string> {
    const hungUp = this.hungUp.then(() => Promise.reject(new Error(`hung up after: ${this.text}`)));
    while (!isEnough(this.text)) {
      await Promise.race([new Promise((resolve) => this.#stream.once('data', resolve)), hungUp]);
    }
    hungUp.catch(() => undefined);
    return this.text;
  }

  close(): void {
    this.#stream.destroy();
  }
}

let directory: string;
let sensor: VirtualSensor;
let reader: Reader | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fieldline-sensor-'));
});

afterEach(async () => {
  reader?.close();
  await sensor.close();
  rmSync(directory, { recursive: true });
});

function open(more: Partial<VirtualSensorOptions> = {}): void {
  sensor = new VirtualSensor({
    sensor: createThermometer({ ratePerSec: 200 }),
    clock: systemClock,
    link: join(directory, 'port'),
    record: join(directory, 'record'),
    ...more,
  });
}

function records(): RecordLine[] {
  return readFileSync(join(directory, 'record'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as RecordLine);
}

const lines = (count: number) => (text: string) => text.split('\n').length > count;

test('a reader gets exactly the bytes that the record names, with line ends as sent', async () => {
  open();
  reader = new Reader(join(directory, 'port'));
  sensor.start();
  await reader.until(lines(20));
  const totals = await sensor.stop();
  const written = records();
  const text = written.map((line) => line.frame).join('');
  await reader.until((heard) => heard.length >= text.length);
  expect(reader.text).toBe(text);
  expect(text).toMatch(/^(-?\d+\.\d\d\r\n)+$/);
  expect(totals.frames).toBe(written.length);
  expect(totals.readings).toEqual({ temperature: written.length });
  expect(written.map((line) => line.readings['temperature'])).toEqual(text.trim().split('\r\n').map(Number));
});

test('what a reader sends does not come back to it', async () => {
  open({ whileAway: 'hold' });
  const path = join(directory, 'port');
  reader = new Reader(path);
  const order = openSync(path, 'r+');
  writeSync(order, 'AT\r\n');
  sensor.say(21.5);
  await reader.until(lines(1)).finally(() => closeSync(order));
  expect(reader.text).toBe('21.50\r\n');
});

test('without a reader nothing is recorded, and it is counted', async () => {
  open();
  sensor.say(1);
  sensor.say(2);
  await sensor.stop();
  expect(sensor.totals()).toMatchObject({ frames: 0, lost: { away: 2 } });
  expect(records()).toEqual([]);
});

test('a sensor that holds says everything, in order, to a reader that comes late', async () => {
  open({ whileAway: 'hold' });
  for (const value of [1, 2, 3]) sensor.say(value);
  reader = new Reader(join(directory, 'port'));
  expect(await reader.until(lines(3))).toBe('1.00\r\n2.00\r\n3.00\r\n');
  await sensor.stop();
  expect(records()).toHaveLength(3);
});

test('a split frame arrives whole', async () => {
  open({ faults: parseFaults('split:1'), whileAway: 'hold', sensor: createThermometer({ ratePerSec: 10 }) });
  reader = new Reader(join(directory, 'port'));
  sensor.start();
  await reader.until(lines(3));
  await sensor.stop();
  await reader.until(
    (heard) =>
      heard.length >=
      records()
        .map((line) => line.frame)
        .join('').length,
  );
  expect(reader.text).toBe(
    records()
      .map((line) => line.frame)
      .join(''),
  );
});

test('garbage is recorded as such, with no readings, and does not touch the next line', async () => {
  open();
  reader = new Reader(join(directory, 'port'));
  sensor = await settle();
  sensor.garbage(12);
  sensor.say(-3.25);
  const text = await reader.until(lines(2));
  expect(text.split('\r\n')[0]).toHaveLength(12);
  expect(text.split('\r\n')[1]).toBe('-3.25');
  await sensor.stop();
  expect(records().map((line) => [line.fault, line.readings])).toEqual([
    ['garbage', {}],
    [undefined, { temperature: -3.25 }],
  ]);
});

/** A sensor whose queue holds, so that a test need not know when the reader has settled. */
async function settle(): Promise<VirtualSensor> {
  await sensor.close();
  reader?.close();
  open({ whileAway: 'hold' });
  reader = new Reader(join(directory, 'port'));
  return sensor;
}

test('pulling the plug hangs up on the reader and takes the link away; putting it back gives a new port', async () => {
  open({ whileAway: 'hold' });
  reader = new Reader(join(directory, 'port'));
  sensor.unplug();
  await reader.hungUp;
  expect(existsSync(join(directory, 'port'))).toBe(false);
  sensor.say(5);
  expect(sensor.totals().lost.unplugged).toBe(1);
  sensor.replug();
  reader = new Reader(join(directory, 'port'));
  sensor.say(6);
  expect(await reader.until(lines(1))).toBe('6.00\r\n');
});

test('a reader at another baud rate gets garbled bytes, and the record says so', async () => {
  let speed = 115200;
  open({ baud: 9600, whileAway: 'hold', speedOf: () => Promise.resolve(speed) });
  reader = new Reader(join(directory, 'port'));
  sensor.say(23.4);
  await sensor.stop();
  expect(records()[0]).toMatchObject({ readings: {}, fault: 'garbled' });
  await reader.until((text) => text.length > 0);
  expect(reader.text).not.toContain('23.40');
  speed = 9600;
  reader.close();
  await sensor.close();
  open({ baud: 9600, whileAway: 'hold', speedOf: () => Promise.resolve(speed) });
  reader = new Reader(join(directory, 'port'));
  sensor.say(23.4);
  expect(await reader.until(lines(1))).toBe('23.40\r\n');
});
