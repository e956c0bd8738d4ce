import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeIio, type FakeScan } from '../../testing/fake-iio.ts';
import { RecordingHost } from '../../testing/recording-host.ts';
import type { BoundDriver } from '../driver.ts';
import { adc } from './adc.ts';

let fake: FakeIio;
let hosts: RecordingHost[];

beforeEach(async () => {
  fake = await FakeIio.create();
  hosts = [];
});
afterEach(async () => {
  for (const host of hosts) host.stop();
  await fake.remove();
});

const startUs = Date.UTC(2026, 0, 1) * 1000;

function bind(settings: object = {}): BoundDriver {
  const given: Record<string, unknown> = {
    source: 'iio',
    mode: 'buffered',
    device: 'iio:device0',
    root: fake.root,
    deviceRoot: join(fake.root, 'dev'),
    trigger: 't1',
    channels: [{ index: 1 }, { index: 0, scale: 10 }],
    ...settings,
  };
  const bound = adc.bind(
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  );
  if (!bound.ok) throw new Error(bound.refusal.detail);
  return bound.value;
}

function start(settings: object = {}): RecordingHost {
  const host = new RecordingHost(bind(settings));
  hosts.push(host);
  return host;
}

/** Scans each 10 ms from `fromMs` on; raw values count up. */
const scans = (count: number, fromMs = 0): FakeScan[] =>
  Array.from({ length: count }, (_, row) => ({
    atNs: BigInt(startUs) * 1000n + BigInt(fromMs + row * 10) * 1_000_000n + 123_456n,
    first: row - 2,
    second: 8 + row,
  }));

describe('an IIO device read through its buffer', () => {
  it('is prepared: trigger, exactly the channels asked for, length, and switched on', async () => {
    await start({ channels: [{ index: 0 }] }).ask();
    const state = await Promise.all(
      ['trigger/current_trigger', 'buffer/enable', 'buffer/length'].map((name) => fake.get(name)),
    );
    expect(state).toEqual(['t1', '1', '4096']);
    const enabled = ['in_voltage0_en', 'in_voltage1_en', 'in_timestamp_en'];
    expect(await Promise.all(enabled.map((name) => fake.get(`scan_elements/${name}`)))).toEqual([
      '1',
      '0',
      '1',
    ]);
  });

  it('gives volts at the times of the kernel, in microseconds', async () => {
    const host = start();
    await host.ask();
    await host.time.advance(100);
    await fake.capture(scans(3));
    await host.ask();
    expect(host.rows).toEqual([
      { at: 123, ch1: 0, ch0: -0.04 },
      { at: 10_123, ch1: 0.0005, ch0: -0.02 },
      { at: 20_123, ch1: 0.001, ch0: 0 },
    ]);
  });

  it('waits for the rest of a scan that was cut', async () => {
    const host = start();
    await host.ask();
    await host.time.advance(100);
    await fake.capture(scans(2), 5);
    await host.ask();
    expect(host.rows).toHaveLength(1);
    const rest = Buffer.alloc(8);
    rest.writeBigInt64LE(scans(2)[1]!.atNs);
    await appendFile(join(fake.root, 'dev/iio:device0'), rest.subarray(3));
    await host.ask();
    expect(host.rows.map(({ at }) => at)).toEqual([123, 10_123]);
  });

  it('tells which samples the kernel dropped, and counts them', async () => {
    const host = start();
    await host.ask();
    await host.time.advance(100);
    await fake.capture([...scans(3), ...scans(3, 70)]);
    await host.ask();
    expect(host.gaps).toEqual([`${startUs + 20_123}…${startUs + 70_123} samples-missed`]);
    expect(host.figures()).toMatchObject({ samples: 6, missed: 4, saturated: 0, stuck: 0 });
  });

  it('counts samples at the rails, of the format or as configured', async () => {
    const host = start({ channels: [{ index: 0 }, { index: 1, rails: [10, 12] }] });
    await host.ask();
    await fake.capture(scans(6).map((scan, row) => ({ ...scan, first: row === 3 ? 2047 : scan.first })));
    await host.ask();
    // One at 2047; of 8 … 13 five are at or beyond 10 and 12.
    expect(host.figures()).toMatchObject({ saturated: 1 + 5 });
  });

  it('hands over what waits when it is stopped, and switches the buffer off', async () => {
    const host = start();
    await host.ask();
    await fake.capture(scans(2));
    host.stop();
    hosts = [];
    expect(host.rows).toHaveLength(2);
    expect(await fake.get('buffer/enable')).toBe('0');
  });

  it('leaves a buffer on that somebody else has prepared', async () => {
    const prepared = { 'trigger/current_trigger': 't1', 'scan_elements/in_voltage0_en': '1' };
    for (const [name, text] of Object.entries(prepared)) await fake.put(name, text);
    for (const name of ['scan_elements/in_timestamp_en', 'buffer/enable']) await fake.put(name, '1');
    const host = start({ bufferLength: 2 });
    await host.ask();
    host.stop();
    hosts = [];
    expect(await fake.get('buffer/enable')).toBe('1');
  });

  it('fails while the device is away, and reads on when it is back', async () => {
    await rm(join(fake.root, 'dev/iio:device0'));
    const host = start();
    await expect(host.ask()).rejects.toMatchObject({ code: 'SOURCE_IIO_UNREADABLE' });
    await fake.plug();
    await expect(host.ask(), 'within the pause').rejects.toMatchObject({ code: 'SOURCE_IIO_UNREADABLE' });
    await host.time.advance(1000);
    await host.ask();
    await fake.capture(scans(1));
    await host.ask();
    expect(host.rows).toHaveLength(1);
  });

  it('is opened again when it hangs: nothing comes, and nothing says why', async () => {
    const host = start();
    await host.ask();
    await fake.capture(scans(1));
    await host.ask();
    await host.time.advance(10_000);
    await host.ask();
    expect(host.figures()).toMatchObject({ silences: 1 });
    await fake.plug();
    await host.ask();
    await host.time.advance(1500);
    await fake.capture(scans(1, 11_000));
    await host.ask();
    expect(host.gaps).toEqual([`${startUs + 123}…${startUs + 11_000_123} silent`]);
  });

  it('shifts times of a kernel whose clock is elsewhere to the clock of the agent', async () => {
    const host = start();
    await host.ask();
    await fake.capture(scans(3).map((scan) => ({ ...scan, atNs: scan.atNs - BigInt(startUs) * 1000n })));
    await host.ask();
    expect(host.rows.map(({ at }) => at)).toEqual([-20_000, -10_000, 0]);
  });

  it('names an element that the device does not have', async () => {
    await expect(start({ channels: [{ index: 5 }] }).ask()).rejects.toMatchObject({
      detail: expect.stringContaining('in_voltage5 is none of its scan elements in_timestamp, in_voltage0'),
    });
  });
});

describe('an IIO device without timestamps', () => {
  beforeEach(async () => {
    await fake.remove();
    fake = await FakeIio.create(false);
  });

  it('is timed evenly by its sampling frequency, back from when its samples came', async () => {
    const host = start({ channels: [{ index: 0 }] });
    await host.ask();
    await appendFile(join(fake.root, 'dev/iio:device0'), Buffer.alloc(6));
    await host.ask();
    expect(host.rows.map(({ at }) => at)).toEqual([-30_000, -20_000, -10_000]);
  });

  it('cannot be read where nothing tells when its samples were taken', async () => {
    for (const name of ['../trigger0/sampling_frequency', 'sampling_frequency']) await fake.put(name, '');
    await expect(start().ask()).rejects.toMatchObject({ code: 'SOURCE_IIO_UNREADABLE' });
  });
});

describe('the settings of a buffered device', () => {
  it.each([
    [{ mode: 'polled' }, /trigger: goes with mode buffered only/],
    [{ source: 'mcu', port: '/dev/x', device: undefined }, /mode: goes with source iio only/],
    [{ interval: '10us' }, /below 1ms/],
    [{ bufferLength: 1 }, /bufferLength/],
  ])('%j are refused', (settings, detail) => {
    expect(() => bind({ root: undefined, deviceRoot: undefined, ...settings })).toThrow(detail);
  });
});
