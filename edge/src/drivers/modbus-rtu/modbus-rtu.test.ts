import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askOnce, driverCases, outcomeOf, runDriver } from '../../testing/driver-cases.ts';
import type { RecordingHost } from '../../testing/recording-host.ts';
import { TestPort } from '../../testing/test-port.ts';
import { modbusRtu } from './modbus-rtu.ts';

/** CRC-16/MODBUS: polynomial 0xa001 reflected, start 0xffff (Modbus over serial line 1.02, appendix B). */
function withCrc(bytes: readonly number[]): Uint8Array {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return Uint8Array.from([...bytes, crc & 0xff, crc >> 8]);
}

let folder: string;
let port: TestPort;
let slave: NodeJS.Timeout;
let host: RecordingHost | undefined;
/** Answers by `device function address count`, as they would be seen on the wire, without CRC. */
let answers: Record<string, number[]>;
/** Whole answers, with CRC, by whole questions in hex: of a recorded case. */
let recorded: ReadonlyMap<string, Uint8Array>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-modbus-'));
  port = new TestPort(join(folder, 'bus'));
  answers = {};
  recorded = new Map();
  slave = setInterval(() => {
    const question = Buffer.from(port.received(), 'latin1');
    if (question.length !== 8) return;
    const key = `${question[0]} ${question[1]} ${question.readUInt16BE(2)} ${question.readUInt16BE(4)}`;
    const answer = answers[key];
    expect(withCrc([...question.subarray(0, 6)])).toEqual(Uint8Array.from(question));
    if (answer !== undefined) port.write(withCrc(answer));
    port.write(recorded.get(question.toString('hex')) ?? '');
  }, 5);
});
afterEach(() => {
  clearInterval(slave);
  host?.stop();
  port.unplug();
  rmSync(folder, { recursive: true });
});

function begin(registers: object, more: object = {}): RecordingHost {
  host = runDriver(modbusRtu, { port: join(folder, 'bus'), answerWithin: '200ms', registers, ...more });
  return host;
}

/** The answers of a recorded exchange, by their questions. */
function readExchange(text: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  let question = '';
  for (const line of text.trim().split('\n')) {
    const hex = line.slice(2).replaceAll(' ', '');
    if (line.startsWith('>')) question = hex;
    else found.set(question, Buffer.from(hex, 'hex'));
  }
  return found;
}

describe('a recorded bus', () => {
  it.each(driverCases(import.meta.url))('$name', async ({ directory, settings, expected }) => {
    recorded = readExchange(readFileSync(join(directory, 'exchange.txt'), 'utf8'));
    const path = join(folder, 'bus');
    host = runDriver(modbusRtu, { answerWithin: '5s', ...settings, port: path });
    expect(await askOnce(host)).toEqual(expected);
  });
});

describe('registers', () => {
  it('of every type, from both tables and several devices, become one row', async () => {
    answers = {
      '1 3 0 1': [1, 3, 2, 0xff, 0x9c],
      '1 4 10 2': [1, 4, 4, 0x42, 0x28, 0, 0],
      '1 3 20 2': [1, 3, 4, 0, 1, 0, 2],
      '7 3 0 1': [7, 3, 2, 0x80, 0],
    };
    const bus = begin({
      temperature: { address: 0, type: 'i16', unit: 'Cel', scale: 0.1 },
      voltage: { address: 10, table: 'input', type: 'f32', unit: 'V' },
      energy: { address: 20, type: 'u32', lowWordFirst: true, unit: 'Wh', offset: 1 },
      level: { address: 0, device: 7, unit: '/' },
    });
    expect(await askOnce(bus)).toEqual({
      rows: [{ temperature: -10, voltage: 42, energy: 0x20001 + 1, level: 0x8000 }],
      discarded: {},
    });
  });

  it('that fail are absent, and do not take the others with them', async () => {
    answers = { '1 3 0 1': [1, 3, 2, 0, 5], '1 3 1 1': [1, 0x83, 2] };
    const bus = begin({
      a: { address: 0, unit: '/' },
      b: { address: 1, unit: '/' },
      c: { address: 0, device: 2, unit: '/' },
    });
    await bus.ask();
    expect(outcomeOf(bus)).toEqual({ rows: [{ a: 5 }], discarded: { exception: 1, 'no-answer': 1 } });
  });
});

describe('a bus', () => {
  const registers = { a: { address: 0, unit: '/' } };

  it('on which nobody answers says so, and is read again when somebody does', async () => {
    const bus = begin(registers);
    expect(await askOnce(bus)).toEqual({ rows: [], discarded: { 'no-answer': 1 }, error: 'SOURCE_HUNG' });
    answers = { '1 3 0 1': [1, 3, 2, 0, 6] };
    expect((await askOnce(bus)).rows).toEqual([{ a: 6 }]);
  });

  it('that is unplugged is found again as another device', async () => {
    answers = { '1 3 0 1': [1, 3, 2, 0, 7] };
    const bus = begin(registers);
    await bus.ask();
    port.unplug();
    expect((await askOnce(bus)).error).toMatch(/^SOURCE_/);
    expect((await askOnce(bus)).error).toBe('SOURCE_PORT_MISSING');
    port.replug();
    await bus.ask();
    expect(outcomeOf(bus).rows).toEqual([{ a: 7 }, { a: 7 }]);
  });
});

it.each([
  [{ registers: { A: { address: 0, unit: 'V' } } }, 'not a name'],
  [{ registers: { a: { address: 0, unit: 'Volt' } } }, 'SenML registry'],
  [{ registers: { a: { address: 70_000, unit: 'V' } } }, 'address'],
  [{ registers: { a: { address: 0, unit: 'V' } }, answerWithin: '1h' }, 'answerWithin'],
  [{ registers: { a: { address: 0, unit: 'V' } }, port: undefined }, 'port'],
])('settings %j are refused', (settings, reason) => {
  const bound = modbusRtu.bind({ port: '/dev/null', ...settings });
  expect(bound.ok ? 'accepted' : bound.refusal.detail).toContain(reason);
});
