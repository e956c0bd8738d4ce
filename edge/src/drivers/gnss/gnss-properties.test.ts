import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NmeaFramer } from '../../framing/nmea-framer.ts';
import { EpochMerger, type Fix } from './epoch-merger.ts';
import { nmeaToPart } from './nmea-to-part.ts';

const cases = new URL('./cases/', import.meta.url).pathname;
const logs = readdirSync(cases)
  .filter((name) => name.endsWith('.log'))
  .map((name) => readFileSync(`${cases}${name}`));
const pieceBytes = 6000;

function fixesOf(bytes: Uint8Array, cuts: readonly number[]): { fixes: Fix[]; accountedBytes: number } {
  const framer = new NmeaFramer();
  const merger = new EpochMerger();
  const fixes: Fix[] = [];
  let accountedBytes = 0;
  const take = (frames: ReturnType<NmeaFramer['push']>): void => {
    for (const frame of frames) {
      accountedBytes += frame.kind === 'sentence' ? frame.text.length : frame.sizeBytes;
      const part = frame.kind === 'sentence' ? nmeaToPart(frame.text) : undefined;
      if (part) fixes.push(...merger.push(part, 0));
    }
  };
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    take(framer.push(bytes.subarray(from, end)));
    from = end;
  }
  take(framer.flush());
  const last = merger.flush();
  return { fixes: last ? [...fixes, last] : fixes, accountedBytes };
}

interface Position {
  readonly lat: number;
  readonly lon: number;
}

/** Written apart from the driver: every position that a sentence with a right checksum and a valid fix gives. */
function validPositions(bytes: Uint8Array): Position[] {
  const found: Position[] = [];
  const text = Buffer.from(bytes).toString('latin1');
  for (const match of text.matchAll(/\$(?=([^$!\r\n]*\*[0-9A-Fa-f]{2}))/g)) {
    const line = match[1] ?? '';
    for (let star = line.indexOf('*'); star >= 0; star = line.indexOf('*', star + 1)) {
      const body = line.slice(0, star);
      const sum = Buffer.from(body, 'latin1').reduce((xor, byte) => xor ^ byte, 0);
      if (parseInt(line.slice(star + 1, star + 3), 16) === sum) addPosition(body.split(','), found);
    }
  }
  return found;
}

function addPosition(f: readonly string[], found: Position[]): void {
  const type = f[0]?.slice(2);
  const at = { GGA: 2, GNS: 2, RMC: 3, GLL: 1 }[type ?? ''];
  const valid =
    (type === 'GGA' && /^[1-9]$/.test(f[6] ?? '')) ||
    (type === 'GNS' && /[A-MO-Z]/.test(f[6] ?? '')) ||
    (type === 'RMC' && f[2] === 'A' && f[12] !== 'N') ||
    (type === 'GLL' && f[6] === 'A' && f[7] !== 'N');
  if (at === undefined || !valid) return;
  const [lat, ns, lon, ew] = f.slice(at, at + 4);
  found.push({ lat: angle(lat, ns === 'S'), lon: angle(lon, ew === 'W') });
}

function angle(text = '', isNegative: boolean): number {
  const dot = text.includes('.') ? text.indexOf('.') : text.length;
  const degrees = Number(text.slice(0, dot - 2)) + Number(text.slice(dot - 2)) / 60;
  return isNegative ? -degrees : degrees;
}

const near = (a: Position, b: Position): boolean =>
  Math.abs(a.lat - b.lat) < 1e-9 && Math.abs(a.lon - b.lon) < 1e-9;

type Mutation =
  | { readonly kind: 'set'; readonly at: number; readonly byte: number }
  | { readonly kind: 'delete'; readonly at: number; readonly count: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'field'; readonly line: number; readonly field: number; readonly text: string };

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at: fc.nat(), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('delete' as const), at: fc.nat(), count: fc.nat(200) }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({
    kind: fc.constant('field' as const),
    line: fc.nat(),
    field: fc.nat(18),
    text: fc.oneof(
      fc.constantFrom(
        '',
        '0',
        'A',
        'V',
        'N',
        'NN',
        '99999',
        '-1',
        '1e309',
        'NaN',
        '0x10',
        '9030.0',
        '.',
        '4760.0',
      ),
      fc.string({ unit: 'grapheme-ascii', maxLength: 8 }).map((text) => text.replace(/[$!*]/g, '')),
    ),
  }),
);

/** Changes the bytes; a changed field gets a right checksum, so that senseless figures come through. */
function mutate(bytes: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  let text = Buffer.from(bytes).toString('latin1');
  for (const each of mutations) {
    if (each.kind === 'field') {
      const lines = text.split('\n');
      const at = each.line % lines.length;
      const fields = (lines[at] ?? '').replace(/^.*\$|\*.*$/gs, '').split(',');
      fields[each.field % fields.length] = each.text;
      const body = fields.join(',');
      const sum = Buffer.from(body, 'latin1').reduce((xor, byte) => xor ^ byte, 0);
      lines[at] = `$${body}*${sum.toString(16).padStart(2, '0')}\r`;
      text = lines.join('\n');
      continue;
    }
    const at = each.at % (text.length + 1);
    const inserted =
      each.kind === 'set'
        ? String.fromCharCode(each.byte)
        : each.kind === 'insert'
          ? Buffer.from(each.bytes).toString('latin1')
          : '';
    const removed = each.kind === 'set' ? 1 : each.kind === 'delete' ? each.count : 0;
    text = text.slice(0, at) + inserted + text.slice(at + removed);
  }
  return Buffer.from(text, 'latin1');
}

describe('whatever a line does to a receiver', () => {
  const piece = fc.tuple(fc.nat(logs.length - 1), fc.nat()).map(([log, at]) => {
    const bytes = logs[log] ?? new Uint8Array();
    const from = at % Math.max(1, bytes.length - pieceBytes);
    return bytes.subarray(from, from + pieceBytes);
  });

  it('there is no position without a sentence that has a right checksum and a valid fix; and nothing is thrown', () => {
    const property = fc.property(
      piece,
      fc.array(mutation, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (bytes, mutations, cuts) => {
        const mutated = mutate(bytes, mutations);
        const valid = validPositions(mutated);
        for (const { lat, lon, ...rest } of fixesOf(mutated, cuts).fixes) {
          expect(valid.some((each) => near(each, { lat, lon }))).toBe(true);
          expect(Math.abs(lat)).toBeLessThanOrEqual(90);
          expect(Math.abs(lon)).toBeLessThanOrEqual(180);
          for (const value of Object.values(rest))
            if (typeof value === 'number') expect(value).toBeLessThan(1e7);
        }
      },
    );
    fc.assert(property, { numRuns: 400 });
  });

  it('every byte is in a sentence or counted, however the bytes are cut', () => {
    const property = fc.property(
      piece,
      fc.array(mutation, { maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      (bytes, mutations, cuts) => {
        const mutated = mutate(bytes, mutations);
        const whole = fixesOf(mutated, []);
        const cut = fixesOf(mutated, cuts);
        expect(cut).toEqual(whole);
        const lineEnds = mutated.filter((byte) => byte === 0x0d || byte === 0x0a).length;
        expect(whole.accountedBytes).toBe(mutated.length - lineEnds);
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('sentences between binary packets are found, all of them', () => {
    const noise = fc
      .uint8Array({ maxLength: 400 })
      .map((bytes) => bytes.filter((byte) => byte !== 0x24 && byte !== 0x21));
    const property = fc.property(piece, fc.array(noise, { minLength: 1, maxLength: 5 }), (bytes, noises) => {
      const lines = Buffer.from(bytes).toString('latin1').split('\n').slice(1, -1);
      const clean = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
      const noisy = Buffer.concat(
        lines.flatMap((line, at) => [
          noises[at % noises.length] ?? Buffer.alloc(0),
          Buffer.from(`${line}\n`, 'latin1'),
        ]),
      );
      expect(fixesOf(noisy, []).fixes).toEqual(fixesOf(clean, []).fixes);
    });
    fc.assert(property, { numRuns: 100 });
  });
});
