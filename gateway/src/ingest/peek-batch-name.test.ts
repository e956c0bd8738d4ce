import { decodeBatch, encodeBatch, type Batch } from '@fieldline/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf } from '../gateway-rig.ts';
import { peekBatchName } from './peek-batch-name.ts';

const limits = { inflatedBytes: 2 ** 20 };

/** A batch that no gateway takes: its unit holds a blank. */
function refusedBatch(): Batch {
  const batch = batchOf('porch', 300);
  const sensors = batch.sensors.map((block) =>
    block.kind === 'readings'
      ? { ...block, fields: { temperature: { unit: 'no unit', v: Float64Array.of(20) } } }
      : block,
  );
  return { ...batch, sensors };
}

describe('the name of a batch that is refused', () => {
  test.each([
    ['CBOR', {}],
    ['CBOR, gzipped', { gzip: true }],
    ['CBOR, with the dictionary', { dictionary: true }],
    ['JSON', { format: 'json' }],
    ['JSON, gzipped', { format: 'json', gzip: true }],
    ['JSON, with the dictionary', { format: 'json', dictionary: true }],
  ] as const)('is read from %s', (_name, options) => {
    const payload = encodeBatch(refusedBatch(), options);
    expect(decodeBatch(payload).ok).toBe(false);
    expect(peekBatchName(payload, limits)).toEqual({ device: 'porch', epoch: 'epoch-1', seq: 300 });
  });

  test('is not read from what would inflate beyond the limit, nor from any other bytes', () => {
    const payload = encodeBatch(refusedBatch(), { dictionary: true });
    expect(peekBatchName(payload, { inflatedBytes: 16 })).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(peekBatchName(bytes, limits)).toBeUndefined();
      }),
    );
  });
});
