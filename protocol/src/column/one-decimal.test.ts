import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packFloats, unpackFloats, unpackOneDecimal } from './index.ts';

const decimal = fc.oneof(
  fc.integer(),
  fc.integer({ min: -99_999, max: 99_999 }).map((integer) => integer / 100),
  fc.integer({ min: 0, max: 2 ** 51 }),
);

it('reads every column of one short decimal as unpackFloats does', () => {
  fc.assert(
    fc.property(decimal, fc.nat(5), (value, before) => {
      const packed = packFloats(Float64Array.of(value));
      const bytes = Uint8Array.from([...new Uint8Array(before), ...packed, 7]);
      const one = unpackOneDecimal(bytes, before, before + packed.length);
      if (Math.abs(value) < 2 ** 31) expect(one).toBe(value);
      else if (!Number.isNaN(one)) expect(one).toBe(value);
    }),
  );
});

it('reads nothing that unpackFloats reads otherwise, or refuses', () => {
  const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
  const lengths = fc.constantFrom(-1, 0, 0, 0, 1);
  fc.assert(
    fc.property(decimal, change, lengths, (value, changes, longer) => {
      const packed = packFloats(Float64Array.of(value));
      for (const [at, byte] of changes) packed[at % packed.length] = byte;
      const bytes = Uint8Array.from({ length: packed.length + longer }, (_, at) => packed[at] ?? 0);
      const one = unpackOneDecimal(bytes, 0, bytes.length);
      if (!Number.isNaN(one)) expect(unpackFloats(bytes)).toEqual({ ok: true, value: Float64Array.of(one) });
    }),
    { numRuns: 3000 },
  );
});
