import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CobsFramer, type CobsFrame } from './cobs-framer.ts';
import { crc16 } from './crc16.ts';
import { LineFramer } from './line-framer.ts';
import { NmeaFramer } from './nmea-framer.ts';

interface Framer {
  push(chunk: Uint8Array): unknown[];
  flush(): unknown[];
}

/** A COBS framer with the shape of the others, whose payloads are copied. */
function cobsFramer(maxBytes?: number): Framer {
  const framer = new CobsFramer(maxBytes);
  const collect = (run: (take: (frame: CobsFrame) => void) => void): CobsFrame[] => {
    const frames: CobsFrame[] = [];
    run((frame) =>
      frames.push(frame.kind === 'packet' ? { ...frame, payload: frame.payload.slice() } : frame),
    );
    return frames;
  };
  return {
    push: (chunk) => collect((take) => framer.push(chunk, take)),
    flush: () => collect((take) => framer.reset(take)),
  };
}

const whole = (framer: Framer, bytes: Uint8Array): unknown[] => [...framer.push(bytes), ...framer.flush()];

/** What comes out must not depend on where the chunks are split: at every byte, and byte by byte. */
function expectSame(create: () => Framer, bytes: Uint8Array, expected: unknown[]): void {
  expect(whole(create(), bytes)).toEqual(expected);
  for (let at = 1; at < bytes.length; at++) {
    const framer = create();
    expect([...framer.push(bytes.subarray(0, at)), ...whole(framer, bytes.subarray(at))]).toEqual(expected);
  }
  const framer = create();
  expect([
    ...Array.from(bytes, (byte) => framer.push(Uint8Array.of(byte))).flat(),
    ...framer.flush(),
  ]).toEqual(expected);
}

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('lines', () => {
  it('are cut at LF, CR and CR LF, wherever chunks are split', () => {
    expectSame(() => new LineFramer(), latin1('23.4\r\n\nT=1\r23\n4'), [
      { kind: 'line', text: '23.4' },
      { kind: 'line', text: 'T=1' },
      { kind: 'line', text: '23' },
      { kind: 'line', text: '4' },
    ]);
  });

  it('tell what they discard: too long, control characters, no UTF-8', () => {
    expectSame(() => new LineFramer(8), latin1('123456789\nab\x00\n\xff\xfe\n12345678\n'), [
      { kind: 'discarded', reason: 'too-long', sizeBytes: 9 },
      { kind: 'discarded', reason: 'not-text', sizeBytes: 3 },
      { kind: 'discarded', reason: 'not-text', sizeBytes: 2 },
      { kind: 'line', text: '12345678' },
    ]);
  });

  it('that never end are counted with all their bytes and take no memory', () => {
    const framer = new LineFramer(16);
    for (let chunk = 0; chunk < 1000; chunk++)
      expect(framer.push(new Uint8Array(1000).fill(0x61))).toEqual([]);
    expect(framer.push(latin1('\n'))).toEqual([
      { kind: 'discarded', reason: 'too-long', sizeBytes: 1_000_000 },
    ]);
  });
});

describe('NMEA sentences', () => {
  const gga = '$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47';

  it('are found amid noise, each with a right checksum', () => {
    const bytes = latin1(
      `\xb5b\x01${gga}\r\nabc\r\n$GPRMC,1*00\r\n$GPXXX,1\r\n$GPGGA,12${gga}\n$GP\x80${gga}$GPG`,
    );
    expectSame(() => new NmeaFramer(), bytes, [
      { kind: 'discarded', reason: 'noise', sizeBytes: 3 },
      { kind: 'sentence', text: gga },
      { kind: 'discarded', reason: 'noise', sizeBytes: 3 },
      { kind: 'discarded', reason: 'bad-checksum', sizeBytes: 11 },
      { kind: 'discarded', reason: 'no-checksum', sizeBytes: 8 },
      { kind: 'discarded', reason: 'truncated', sizeBytes: 9 },
      { kind: 'sentence', text: gga },
      { kind: 'discarded', reason: 'noise', sizeBytes: 4 },
      { kind: 'sentence', text: gga },
      { kind: 'discarded', reason: 'truncated', sizeBytes: 4 },
    ]);
  });

  it('that are too long are discarded to their end, and the next is found', () => {
    expectSame(() => new NmeaFramer(), latin1(`$${'a'.repeat(600)}\n${gga}\n`), [
      { kind: 'discarded', reason: 'too-long', sizeBytes: 601 },
      { kind: 'sentence', text: gga },
    ]);
  });
});

describe('lines that begin midway', () => {
  const lines = (text: string): unknown[] => [...new LineFramer().push(latin1(text), true)];

  it('lose the first, whose beginning may be missing', () => {
    expect(lines('3.4\r\n23.5\r\n')).toEqual([
      { kind: 'discarded', reason: 'first', sizeBytes: 3 },
      { kind: 'line', text: '23.5' },
    ]);
  });

  it('lose nothing where they begin with the end of a line', () => {
    expect(lines('\n23.5\n')).toEqual([{ kind: 'line', text: '23.5' }]);
  });
});

/** An encoder of the test's own: the definition of COBS, group by group. */
function cobs(payload: Uint8Array): Uint8Array {
  const crc = crc16(payload);
  const bytes = [...payload, crc & 0xff, crc >> 8];
  const out: number[] = [];
  let group: number[] = [];
  bytes.forEach((byte, index) => {
    if (byte !== 0) group.push(byte);
    if (byte === 0 || group.length === 254) {
      out.push(group.length + 1, ...group);
      group = [];
      if (byte === 0 && index === bytes.length - 1) out.push(1);
    }
  });
  if (group.length > 0) out.push(group.length + 1, ...group);
  return Uint8Array.from([...out, 0]);
}

describe('COBS packets', () => {
  it('have the CRC-16/CCITT-FALSE of the catalogue', () => {
    expect(crc16(latin1('123456789'))).toBe(0x29b1);
  });

  it('come out as they went in', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 700 }), (payload) => {
        expect(whole(cobsFramer(), cobs(payload))).toEqual([{ kind: 'packet', payload }]);
      }),
    );
  });

  it('tell what they discard, and go on with the next packet', () => {
    const payload = Uint8Array.of(1, 0, 2, 0, 0, 3);
    const good = cobs(payload);
    const damaged = good.slice();
    damaged[1] = (damaged[1] ?? 0) ^ 0x40;
    const bytes = Uint8Array.from([7, 7, 0, ...good, ...damaged, 9, 1, 0, 2, 5, 0, ...good, 3]);
    expectSame(() => cobsFramer(64), bytes, [
      { kind: 'discarded', reason: 'first', sizeBytes: 2 },
      { kind: 'packet', payload },
      { kind: 'discarded', reason: 'bad-crc', sizeBytes: damaged.length - 1 },
      { kind: 'discarded', reason: 'bad-cobs', sizeBytes: 2 },
      { kind: 'discarded', reason: 'too-short', sizeBytes: 2 },
      { kind: 'packet', payload },
      { kind: 'discarded', reason: 'truncated', sizeBytes: 1 },
    ]);
  });

  it('that never end are counted with all their bytes', () => {
    const bytes = Uint8Array.from([0, ...new Uint8Array(500).fill(1), 0]);
    expectSame(() => cobsFramer(64), bytes, [{ kind: 'discarded', reason: 'too-long', sizeBytes: 500 }]);
  });
});
