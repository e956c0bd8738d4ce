import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../logger.ts';
import { eventually } from '../testing/eventually.ts';
import { ManualTime } from '../testing/manual-time.ts';
import { TestPort } from '../testing/test-port.ts';
import { systemClock, type Clock } from './clock.ts';
import { matchPort } from './find-serial-port.ts';
import { SerialLine } from './serial-line.ts';
import { systemTimers } from './timers.ts';

let folder: string;
let port: TestPort;
let lines: SerialLine[];
let received: string;
let midway: boolean[];
let resets: number;
let gaps: [number, number, string][];
let warnings: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-serial-'));
  port = new TestPort(join(folder, 'port'));
  lines = [];
  received = '';
  midway = [];
  resets = 0;
  gaps = [];
  warnings = [];
});

afterEach(async () => {
  await Promise.all(lines.map((line) => line.stop()));
  port.unplug();
  await rm(folder, { recursive: true });
});

function open(path = join(folder, 'port'), silenceMs = 0, clock: Clock = systemClock()): SerialLine {
  const line = new SerialLine(
    { port: path, baudRate: 9600, silenceMs },
    {
      bytes: (chunk, _atUs, isMidway) => {
        received += Buffer.from(chunk).toString('latin1');
        midway.push(isMidway);
      },
      reset: () => void (resets += 1),
      gap: (fromUs, toUs, reason) => void gaps.push([fromUs, toUs, reason]),
    },
    {
      clock,
      timers: systemTimers,
      logger: { ...silentLogger, warn: (_about, message) => void warnings.push(message) },
      backoff: { firstMs: 10, maxMs: 50 },
      watchIntervalMs: 30,
    },
  );
  lines.push(line);
  return line;
}

const until = async (line: SerialLine, isOpen: boolean): Promise<unknown> =>
  eventually(() => line.isOpen === isOpen);

describe('a serial line on a real pseudo-terminal', () => {
  it('delivers every byte unchanged, zero and control characters too', async () => {
    const line = open();
    await until(line, true);
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    port.write(bytes);
    await eventually(() => received.length >= 256);
    expect(Buffer.from(received, 'latin1')).toEqual(Buffer.from(bytes));
  });

  it.each([
    [49, [true, false]],
    [50, [false, false]],
  ])('takes bytes %d ms after the opening for the rest of a frame: %j', async (leadMs, expected) => {
    const time = new ManualTime(Date.UTC(2026, 0, 1));
    const line = open(undefined, 0, time);
    await until(line, true);
    await time.advance(leadMs);
    port.write(Buffer.from('3.4\n'));
    await eventually(() => received.length >= 4);
    port.write(Buffer.from('23.4\n'));
    await eventually(() => received.length >= 9);
    expect(midway.slice(0, 2)).toEqual(expected);
  });

  it('opens again after an unplug, though the device comes back under another name, and records the gap', async () => {
    const line = open();
    await until(line, true);
    port.write('before');
    await eventually(() => received === 'before');
    port.unplug();
    await until(line, false);
    expect(resets).toBe(1);
    port.replug();
    await until(line, true);
    port.write('after');
    await eventually(() => received === 'beforeafter');
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.[2]).toBe('disconnected');
    expect(gaps[0]?.[1]).toBeGreaterThan(gaps[0]?.[0] ?? Number.POSITIVE_INFINITY);
  });

  it('opens again when it has been silent for too long, and says so once', async () => {
    const line = open(undefined, 60);
    await eventually(() => line.counters.opened >= 3);
    expect(warnings.filter((message) => message.includes('SOURCE_SILENT'))).toHaveLength(1);
    port.write('x');
    await eventually(() => received.length > 0 || port.write('x'));
  });

  it('waits for a port that is not there yet, and says so once', async () => {
    port.unplug();
    const line = open();
    await eventually(() => line.counters.failed >= 4);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('SOURCE_PORT_MISSING');
    port.replug();
    await until(line, true);
  });

  it('says that a port is busy, and takes it when it is free', async () => {
    const first = open();
    await until(first, true);
    const second = open();
    await eventually(() => warnings.some((message) => message.includes('SOURCE_PORT_BUSY')));
    expect(first.isOpen).toBe(true);
    await first.stop();
    await until(second, true);
  });
});

describe('a USB identity', () => {
  const ports = [
    { path: '/dev/ttyUSB0', vendorId: '1a86', productId: '7523' },
    { path: '/dev/ttyUSB1', vendorId: '0403', productId: '6001', serialNumber: 'A1' },
    { path: '/dev/ttyUSB2', vendorId: '0403', productId: '6001', serialNumber: 'B2' },
  ];

  it('finds the port of which all given parts match', () => {
    expect(matchPort(ports, { vendorId: '0403', serialNumber: 'B2' })?.path).toBe('/dev/ttyUSB2');
    expect(matchPort(ports, { vendorId: '1A86' })?.path).toBe('/dev/ttyUSB0');
    expect(matchPort(ports, { vendorId: '1a86', serialNumber: 'B2' })).toBeUndefined();
  });
});
