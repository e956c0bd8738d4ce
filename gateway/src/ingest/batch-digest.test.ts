import { decodeBatch, encodeBatch } from '@fieldline/protocol';
import { describe, expect, test } from 'vitest';
import { batchOf } from '../gateway-rig.ts';
import { digestOf } from './batch-digest.ts';

const batch = batchOf('porch', 7, { readings: 10 });

describe('digestOf', () => {
  test.each([
    ['CBOR, packed', {}],
    ['CBOR, plain columns', { packed: false }],
    ['CBOR, gzipped', { gzip: true }],
    ['JSON', { format: 'json' }],
  ] as const)('is the same for %s', (_name, options) => {
    const decoded = decodeBatch(encodeBatch(batch, options));
    expect(decoded.ok && digestOf(decoded.value)).toBe(digestOf(batch));
  });

  test('does not depend on when and by which lane a batch is sent', () => {
    expect(digestOf({ ...batch, sentAt: 1, lane: 'backlog' })).toBe(digestOf(batch));
  });

  test.each([
    ['one value', batchOf('porch', 7, { readings: 10, value: 21 })],
    ['the number of readings', batchOf('porch', 7, { readings: 9, before: 60 })],
    ['the boot', { ...batch, bootId: 'boot-2' }],
    ['the ledger', { ...batch, ledger: {} }],
    ['a sensor', { ...batch, sensors: batch.sensors.map((block) => ({ ...block, sensor: 'soil' })) }],
  ])('differs with %s', (_name, other) => {
    expect(digestOf(other)).not.toBe(digestOf(batch));
  });
});
