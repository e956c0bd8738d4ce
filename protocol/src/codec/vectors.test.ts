import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Sketch } from '../aggregate/index.ts';
import { packFloats, unpackFloats } from '../column/index.ts';
import { decodeBatch, encodeBatch } from './codec.ts';
import { dictionary } from './dictionary.ts';

const folder = new URL('../../vectors/', import.meta.url);
const read = (name: string): Buffer => readFileSync(new URL(name, folder));
const batches = readdirSync(folder)
  .filter((name) => name.endsWith('.plain.json'))
  .map((name) => name.slice(0, -'.plain.json'.length));

interface ColumnVector {
  readonly what: string;
  readonly values: readonly string[];
  readonly bytes: string;
}

interface SketchVector extends ColumnVector {
  readonly quantiles: readonly { readonly q: number; readonly value: string }[];
}

const floatsOf = ({ values }: ColumnVector): Float64Array => Float64Array.from(values, Number);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('golden messages', () => {
  it('are there', () => expect(batches).toEqual(['gaps-and-losses', 'ledger-only', 'readings', 'windows']));

  for (const name of batches) {
    it(`${name}: every form decodes to the same batch, and is written as it was`, () => {
      const decoded = decodeBatch(read(`${name}.packed.cbor`));
      if (!decoded.ok) throw new Error(decoded.refusal.detail);
      const forms = ['packed.json', 'plain.cbor', 'plain.json', 'packed.cbor.gz', 'packed.cbor.z'];
      for (const form of forms) expect(decodeBatch(read(`${name}.${form}`)), form).toEqual(decoded);
      for (const format of ['cbor', 'json'] as const) {
        for (const packed of [true, false]) {
          const file = `${name}.${packed ? 'packed' : 'plain'}.${format}`;
          expect(hex(encodeBatch(decoded.value, { format, packed })), file).toBe(hex(read(file)));
        }
      }
    });
  }

  it('plain JSON says what a person would expect of it', () => {
    const decoded = decodeBatch(read('readings.plain.json'));
    const block = decoded.ok ? decoded.value.sensors[0] : undefined;
    expect(block?.kind === 'readings' && block.fields['temperature']?.v).toEqual(
      Float64Array.of(20.31, 20.33, 20.33, 20.28, 19.9, -0.01, -0, 0.02),
    );
  });

  it('the preset dictionary is the frozen one', () =>
    expect(hex(dictionary)).toBe(hex(read('dictionary-1.bin'))));
});

describe('golden columns', () => {
  for (const vector of JSON.parse(read('columns.json').toString()) as ColumnVector[]) {
    it(vector.what, () => {
      const values = floatsOf(vector);
      expect(hex(packFloats(values))).toBe(vector.bytes);
      expect(unpackFloats(Buffer.from(vector.bytes, 'hex'))).toEqual({ ok: true, value: values });
    });
  }
});

describe('golden sketches', () => {
  for (const vector of JSON.parse(read('sketches.json').toString()) as SketchVector[]) {
    it(vector.what, () => {
      const sketch = new Sketch();
      sketch.recordBlock(floatsOf(vector));
      expect(hex(sketch.encode())).toBe(vector.bytes);
      const decoded = Sketch.decode(Buffer.from(vector.bytes, 'hex'));
      for (const { q, value } of vector.quantiles) {
        const found = decoded.ok ? decoded.value.quantile(q) : undefined;
        // The last digit of an exponential may differ between machines.
        expect(found).toSatisfy(
          (one: number) => Object.is(one, Number(value)) || Math.abs(one / Number(value) - 1) < 1e-12,
        );
      }
    });
  }
});
