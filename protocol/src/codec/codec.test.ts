import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryBatch } from './arbitrary-batch.ts';
import { decodeBatch, encodeBatch, type EncodeOptions } from './codec.ts';

const forms: readonly EncodeOptions[] = (['cbor', 'json'] as const).flatMap((format) =>
  [true, false].flatMap((packed) => [
    { format, packed },
    { format, packed, gzip: true },
    { format, packed, dictionary: true },
  ]),
);

describe('encodeBatch and decodeBatch are inverse to the bit', () => {
  for (const form of forms) {
    it(JSON.stringify(form), () => {
      fc.assert(
        fc.property(arbitraryBatch, (batch) => {
          // toEqual compares numbers by Object.is, so that -0 is not 0.
          expect(decodeBatch(encodeBatch(batch, form))).toEqual({ ok: true, value: batch });
        }),
        { numRuns: 40 },
      );
    });
  }
});

describe('an encoded batch', () => {
  it('owns its bytes: encoding the next one leaves it alone', () => {
    fc.assert(
      fc.property(arbitraryBatch, arbitraryBatch, (one, other) => {
        const bytes = encodeBatch(one);
        const before = bytes.slice();
        encodeBatch(other);
        expect(bytes).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });

  it('is decoded into columns of its own: the message may be overwritten afterwards', () => {
    fc.assert(
      fc.property(arbitraryBatch, (batch) => {
        const bytes = encodeBatch(batch);
        const decoded = decodeBatch(bytes);
        bytes.fill(0xff);
        expect(decoded).toEqual({ ok: true, value: batch });
      }),
      { numRuns: 50 },
    );
  });
});
