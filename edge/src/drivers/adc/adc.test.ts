import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IioDevice } from '../../bindings/iio-device.ts';
import { adc } from './adc.ts';
import { decodeMcuBlock } from './mcu-block.ts';
import { SampleClock } from './sample-clock.ts';

/** A payload by the reference: docs/reference/mcu-stream.md. */
function payload(channels: number, counter: number, samples: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(16 + samples.length * 2);
  bytes.set([1, 1, channels, 0]);
  bytes.writeUInt32LE(counter, 4);
  bytes.writeUInt32LE(1_000_000, 8);
  bytes.writeFloatLE(0.5, 12);
  samples.forEach((sample, index) => bytes.writeInt16LE(sample, 16 + 2 * index));
  return bytes;
}

describe('a frame of the MCU stream', () => {
  it('is decoded', () => {
    const block = decodeMcuBlock(payload(2, 0xfffffffe, [1, -2, 3, -32768]));
    expect(block).toMatchObject({
      channels: 2,
      counter: 0xfffffffe,
      intervalNs: 1e6,
      voltsPerCount: 0.5,
      sets: 2,
    });
  });

  it.each([
    ['bad-length', payload(2, 0, [1, 2, 3])],
    ['bad-length', payload(0, 0, [1])],
    ['bad-length', payload(1, 0, [])],
    ['bad-length', payload(17, 0, new Array<number>(17).fill(0))],
    ['bad-length', new Uint8Array(3)],
    ['unknown-version', payload(1, 0, [1]).fill(2, 0, 1)],
    ['unknown-type', payload(1, 0, [1]).fill(2, 1, 2)],
  ])('is refused as %s', (reason, bytes) => {
    expect(decodeMcuBlock(bytes)).toBe(reason);
  });
});

describe('the time of samples', () => {
  const block = (counter: number): { counter: number; sets: number; intervalNs: number } => ({
    counter,
    sets: 10,
    intervalNs: 1e6,
  });

  it('goes on evenly by the counter, although frames arrive late and in bursts', () => {
    const clock = new SampleClock();
    const delaysUs = [0, 900, 200, 5000, 0, 3000];
    const firsts = delaysUs.map(
      (delayUs, index) => clock.place(block(index * 10), 1e9 + index * 10_000 + delayUs).firstUs,
    );
    firsts.forEach((first, index) => {
      const ideal = 1e9 - 10_000 + index * 10_000;
      expect(Math.abs(first - ideal)).toBeLessThan(200);
    });
  });

  it('counts missed samples, over the wrap of the counter too', () => {
    const clock = new SampleClock();
    clock.place(block(2 ** 32 - 20), 1e9);
    expect(clock.place(block(5), 1e9 + 25_000)).toMatchObject({ missed: 15, missedFromUs: 1e9 - 1000 });
  });

  it('starts afresh where the counter does, and never runs backwards', () => {
    const clock = new SampleClock();
    clock.place(block(1000), 1e9);
    const { firstUs, missed } = clock.place(block(0), 1e9 + 1000);
    expect(missed).toBe(0);
    expect(firstUs).toBeGreaterThan(1e9 - 1000);
  });
});

describe('an IIO device in sysfs', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'fieldline-iio-'));
    await mkdir(join(root, 'iio:device0'));
  });
  afterEach(() => rm(root, { recursive: true }));

  const put = (name: string, text: string): Promise<void> => writeFile(join(root, 'iio:device0', name), text);

  it('gives volts from raw value, offset and scale, the channel’s own first', async () => {
    const device = new IioDevice(root, 'iio:device0');
    await put('in_voltage0_raw', '2048\n');
    await put('in_voltage1_raw', '100\n');
    await put('in_voltage_scale', '0.805664062\n');
    await put('in_voltage1_scale', '2\n');
    await put('in_voltage1_offset', '-50\n');
    expect(await device.readVolts(0)).toBeCloseTo(1.65, 6);
    expect(await device.readVolts(1)).toBeCloseTo(0.1, 9);
  });

  it('names the file that cannot be read, and recovers', async () => {
    const device = new IioDevice(root, 'iio:device0');
    await expect(device.readVolts(3)).rejects.toMatchObject({
      code: 'SOURCE_IIO_UNREADABLE',
      subject: expect.stringContaining('in_voltage3_raw'),
    });
    await put('in_voltage3_raw', '1000\n');
    expect(await device.readVolts(3)).toBe(1);
  });
});

describe('the settings of an adc', () => {
  it.each([
    [{ source: 'mcu', port: '/dev/x', device: 'iio:device0' }, /device: goes with source iio/],
    [{ source: 'iio', port: '/dev/x' }, /port: goes with source mcu/],
    [{ source: 'iio', channels: [{ index: 0 }] }, /device: source iio needs one/],
    [{ source: 'mcu' }, /either `port` or `usb`/],
    [{ source: 'mcu', port: '/dev/x', channels: [{ index: 0 }, { index: 0 }] }, /"ch0" is given twice/],
  ])('%j are refused', (settings, detail) => {
    expect(adc.bind(settings)).toMatchObject({
      ok: false,
      refusal: { detail: expect.stringMatching(detail) },
    });
  });

  it('default to windows of 1 s with a sketch', () => {
    const bound = adc.bind({ source: 'mcu', port: '/dev/x', channels: [{ index: 2 }] });
    expect(bound).toMatchObject({
      ok: true,
      value: { plan: { window: '1s', sketch: true, quantities: [{ quantity: 'ch2', unit: 'V' }] } },
    });
  });
});
