import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packFloats } from '../column/index.ts';
import { arbitraryBatch } from './arbitrary-batch.ts';
import { encodeCbor } from './cbor.ts';
import { decodeBatch, encodeBatch } from './codec.ts';

const text = (json: string): Uint8Array => new TextEncoder().encode(json);
const row = { taken: 0, filtered: 0, refused: 0, lost: 0, open: 0, batched: 0 };

function message(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    v: 1,
    device: 'lab-1',
    epoch: 'e1',
    seq: 1,
    bootId: 'b1',
    sentAt: 1_790_000_000_000_000,
    clock: 'synced',
    configVersion: 0,
    lane: 'live',
    sensors: [],
    ledger: {},
    ...change,
  };
}

function withBlock(change: Record<string, unknown>): Record<string, unknown> {
  const block = { sensor: 'air', type: 'thermometer', kind: 'readings', t: [1, 2], fields: {} };
  return message({ sensors: [{ ...block, ...change }] });
}

function refusalOf(value: Uint8Array | Record<string, unknown>): string {
  const bytes = value instanceof Uint8Array ? value : encodeCbor(value);
  const decoded = decodeBatch(bytes);
  return decoded.ok ? 'accepted' : `${decoded.refusal.code} ${decoded.refusal.detail}`;
}

describe('decodeBatch never throws', () => {
  it('on any bytes, with the first bytes of each form too', () => {
    const first = fc.constantFrom([], [0xa1], [0xbf], [0xb9, 0xff, 0xff], [0x7b], [0x1f, 0x8b], [0x78, 0xf9]);
    fc.assert(
      fc.property(first, fc.uint8Array({ maxLength: 100 }), (start, bytes) => {
        expect(decodeBatch(Uint8Array.from([...start, ...bytes])).ok).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });

  it('on damaged messages', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(arbitraryBatch, fc.boolean(), change, (batch, packed, changes) => {
        const bytes = encodeBatch(batch, { packed });
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const decoded = decodeBatch(bytes);
        // What is still a batch can be encoded again.
        if (decoded.ok) expect(decodeBatch(encodeBatch(decoded.value))).toEqual(decoded);
      }),
      { numRuns: 500 },
    );
  });

  it('on messages cut at any byte, or with bytes after their end', () => {
    fc.assert(
      fc.property(arbitraryBatch, fc.boolean(), fc.nat(), (batch, gzip, at) => {
        const bytes = encodeBatch(batch, { gzip });
        expect(decodeBatch(bytes.subarray(0, at % bytes.length)).ok).toBe(false);
        expect(decodeBatch(Uint8Array.from([...bytes, 0])).ok).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

describe('decodeBatch refuses by name', () => {
  it('keys that could reach a prototype, in every form', () => {
    const json = JSON.stringify(message()).replace('"ledger":{}', '"ledger":{"__proto__":{"taken":1}}');
    expect(refusalOf(text(json))).toContain('__proto__');
    const polluted = Object.fromEntries([['__proto__', { polluted: true }]]);
    expect(refusalOf(message({ ledger: polluted }))).toContain('__proto__');
    expect(refusalOf(withBlock({ fields: polluted }))).toContain('__proto__');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('but takes `constructor` for the name that it is', () => {
    const decoded = decodeBatch(encodeCbor(withBlock({ fields: { constructor: { unit: 'V', v: [1, 2] } } })));
    const block = decoded.ok ? decoded.value.sensors[0] : undefined;
    expect(block?.kind === 'readings' && block.fields['constructor']?.v).toEqual(Float64Array.of(1, 2));
    expect(block?.kind === 'readings' && block.fields['toString']).toBe(undefined);
  });

  it('deep nesting, without recursing into it', () => {
    const deep = new Uint8Array(1_000_000).fill(0x81);
    deep[0] = 0xa1;
    deep[1] = 0x60;
    expect(refusalOf(deep)).toContain('levels of nesting');
    expect(refusalOf(text(`{"v":${'['.repeat(1_000_000)}`))).toContain('levels of nesting');
  });

  it('messages that inflate beyond the limit', () => {
    const bomb = gzipSync(new Uint8Array(200 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(300_000);
    expect(refusalOf(bomb)).toMatch(/^BATCH_TOO_LARGE/);
    const bytes = encodeCbor(message());
    expect(decodeBatch(bytes, { inflatedBytes: 10 })).toMatchObject({ refusal: { code: 'BATCH_TOO_LARGE' } });
    expect(refusalOf(gzipSync(gzipSync(bytes)))).toContain('its first byte is 0x1f');
  });

  it('lengths beyond the end of the message', () => {
    expect(refusalOf(Uint8Array.of(0xbb, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff))).toContain('length');
    expect(refusalOf(Uint8Array.of(0xa1, 0x60, 0x9a, 0x7f, 0xff, 0xff, 0xff))).toContain('length');
    expect(
      refusalOf(Uint8Array.of(0xa1, 0x60, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)),
    ).toContain('length');
  });

  it('columns that unpack to more values than a batch may have', () => {
    const t = packFloats(new Float64Array(600_000).fill(7));
    const fields = { a: { unit: 'V', v: t } };
    expect(t.length).toBeLessThan(20);
    expect(refusalOf(withBlock({ t, fields }))).toContain('more than 1000000 values in one batch');
  });

  it('tags, keys that are not text, and other CBOR that no batch is made of', () => {
    expect(refusalOf(Uint8Array.of(0xa1, 0x60, 0xc0, 0x60))).toContain('tag');
    expect(refusalOf(Uint8Array.of(0xa1, 0x01, 0x01))).toContain('key that is not text');
    expect(refusalOf(Uint8Array.of(0xa1, 0x60, 0xf7))).toContain('simple value');
    expect(refusalOf(new Uint8Array(0))).toContain('empty');
  });
});

describe('decodeBatch names the path of', () => {
  const cases: Readonly<Record<string, readonly [Record<string, unknown>, string]>> = {
    'another version': [message({ v: 2 }), 'v: not 1'],
    'a missing key': [Object.fromEntries(Object.entries(message()).slice(0, -1)), 'ledger: missing'],
    'an unknown key': [message({ sensor: [] }), 'sensor: unknown key'],
    'a device id': [message({ device: 'Lab 1' }), 'device: "Lab 1"'],
    'a sequence number of 0': [message({ seq: 0 }), 'seq: 0 where a whole number from 1'],
    'a time beyond 2^53': [message({ sentAt: 2n ** 60n }), 'sentAt'],
    'a time with a fraction': [withBlock({ t: [1, 1.5] }), 'sensors[0].t[1]: 1.5'],
    'an absent time': [withBlock({ t: [1, null] }), 'sensors[0].t[1]'],
    'a text among values': [
      withBlock({ fields: { a: { unit: 'V', v: [1, 'x'] } } }),
      'sensors[0].fields.a.v[1]: the text "x"',
    ],
    'an infinite value': [withBlock({ fields: { a: { unit: 'V', v: [1, Infinity] } } }), 'fields.a.v[1]'],
    'a packed infinite value': [
      withBlock({ fields: { a: { unit: 'V', v: packFloats(Float64Array.of(1, -Infinity)) } } }),
      'fields.a.v[1]: an infinite value',
    ],
    'columns of other lengths': [
      withBlock({ fields: { a: { unit: 'V', v: [1] } } }),
      'sensors[0].fields.a.v: 1 values for 2 times',
    ],
    'a quality code': [
      withBlock({ fields: { a: { unit: 'V', v: [1, 2], q: [0, 3] } } }),
      'fields.a.q[1]: the code 3',
    ],
    'a unit': [withBlock({ fields: { a: { unit: '', v: [1, 2] } } }), 'fields.a.unit'],
    'a quantity': [
      withBlock({ fields: { 'A b': { unit: 'V', v: [1, 2] } } }),
      'fields."A b": not a valid name',
    ],
    'a kind': [withBlock({ kind: 'events' }), 'sensors[0].kind'],
    'a negative counter': [message({ ledger: { 'a/b': { ...row, lost: -1 } } }), 'ledger.a/b.lost: -1'],
    'a ledger key': [message({ ledger: { a: row } }), 'ledger.a: not a valid name'],
    'a dropped range that runs backwards': [message({ dropped: [[5, 4, 'full', {}]] }), 'dropped[0][1]: 4'],
    'a gap that ends before it starts': [
      message({ sensors: [{ sensor: 'a', type: 'b', kind: 'gaps', from: [5], to: [4], reason: ['x'] }] }),
      'sensors[0].to[0]',
    ],
  };
  for (const [what, [value, path]] of Object.entries(cases)) {
    it(what, () => {
      const refusal = refusalOf(value);
      expect(refusal).toMatch(/^BATCH_INVALID /);
      expect(refusal).toContain(path);
    });
  }

  it('windows: values where there were no readings, damaged sketches', () => {
    const field = { unit: 'V', count: [1], sum: [1], min: [1], max: [1], first: [1], last: [1], m2: [0] };
    const windows = (change: Record<string, unknown>): Record<string, unknown> =>
      withBlock({
        kind: 'windows',
        window: '1s',
        start: [0],
        end: [1],
        fields: { a: { ...field, ...change } },
      });
    const { t: _, ...block } = (windows({})['sensors'] as Record<string, unknown>[])[0]!;
    const decode = (change: Record<string, unknown>): string =>
      refusalOf(message({ sensors: [{ ...block, fields: { a: { ...field, ...change } } }] }));
    expect(decode({})).toBe('accepted');
    expect(decode({ sketch: [null] })).toBe('accepted');
    expect(decode({ count: [0] })).toContain('fields.a.sum[0]: a value in a window of no readings');
    expect(decode({ m2: [null] })).toContain('fields.a.m2[0]: absent');
    expect(decode({ sketch: [Uint8Array.of(1, 2)] })).toContain('fields.a.sketch[0]: sketch');
    expect(decode({ sketch: [] })).toContain('0 sketches for 1 windows');
    expect(decode({ count: [1.5] })).toContain('fields.a.count[0]: 1.5');
  });
});
