import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../schema/index.ts';
import { arbitraryBatch } from './arbitrary-batch.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { encodeBatch } from './codec.ts';
import { readQuickBatch } from './quick-batch.ts';
import { WireProblem } from './wire-problem.ts';
import { wireToBatch } from './wire-to-batch.ts';

/** What the reader of any message says; undefined where it refuses. */
function readThoroughly(bytes: Uint8Array): Batch | undefined {
  try {
    return wireToBatch(decodeCbor(bytes));
  } catch (error) {
    if (error instanceof WireProblem) return undefined;
    throw error;
  }
}

const readingsOnly = arbitraryBatch.map(({ dropped: _dropped, anchor: _anchor, ...batch }): Batch => ({
  ...batch,
  sensors: batch.sensors.flatMap((block) => {
    if (block.kind !== 'readings') return [];
    const { sensor, type, kind, t } = block;
    const fields = Object.fromEntries(
      Object.entries(block.fields).map(([quantity, { unit, v }]) => [quantity, { unit, v }]),
    );
    return [{ sensor, type, kind, t, fields }];
  }),
}));

describe('readQuickBatch', () => {
  it('reads every message of readings as the thorough reader does', () => {
    fc.assert(
      fc.property(readingsOnly, fc.boolean(), (batch, packed) => {
        const bytes = encodeBatch(batch, { packed });
        const quick = readQuickBatch(bytes);
        expect(quick).toBeDefined();
        expect(quick).toEqual(readThoroughly(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('takes nothing for a batch that is none, and nothing for another batch, whatever the bytes', () => {
    const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x18, 0x1b, 0xf6, 0xfb)));
    const changes = fc.array(change, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(readingsOnly, fc.boolean(), changes, fc.nat(30), (batch, packed, list, cut) => {
        const bytes = encodeBatch(batch, { packed });
        for (const [at, byte] of list) bytes[at % bytes.length] = byte;
        const message = cut === 0 ? bytes.subarray(0, bytes.length - 1) : bytes;
        const quick = readQuickBatch(message);
        if (quick !== undefined) expect(quick).toEqual(readThoroughly(message));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    [
      'a quantity twice',
      (bytes: string) => bytes.replace('64756e6974', '64756e6974').replaceAll('6162', '6161'),
    ],
    ['bytes behind the end', (bytes: string) => `${bytes}00`],
    ['a map of another size', (bytes: string) => bytes.replace(/^ab/, 'ac')],
  ])('leaves %s to the thorough reader', (_what, change) => {
    const t = Float64Array.of(1);
    const fields = { aa: { unit: 'Cel', v: t }, ab: { unit: 'Cel', v: t } };
    const block = { sensor: 's', type: 't', kind: 'readings' as const, t, fields };
    const envelope = {
      v: 1 as const,
      device: 'd',
      epoch: 'e',
      seq: 1,
      bootId: 'b',
      sentAt: 1,
      configVersion: 0,
    };
    const batch: Batch = { ...envelope, clock: 'synced', lane: 'live', sensors: [block], ledger: {} };
    const hex = Buffer.from(encodeBatch(batch)).toString('hex');
    expect(readQuickBatch(Buffer.from(hex, 'hex'))).toEqual(batch);
    expect(change(hex)).not.toBe(hex);
    expect(readQuickBatch(Buffer.from(change(hex), 'hex'))).toBeUndefined();
  });

  it('lets names in that other objects inherit, and none that would reach a prototype', () => {
    const t = Float64Array.of(1);
    const of = (quantity: string) => ({
      sensor: 's',
      type: 't',
      kind: 'readings' as const,
      t: [1],
      fields: { [quantity]: { unit: 'Cel', v: [2] } },
    });
    const envelope = { v: 1, device: 'd', epoch: 'e', seq: 1, bootId: 'b', sentAt: 1, clock: 'synced' };
    const message = (quantity: string): Uint8Array =>
      encodeCbor({ ...envelope, configVersion: 0, lane: 'live', sensors: [of(quantity)], ledger: {} });
    const read = readQuickBatch(message('constructor'));
    expect(read?.sensors[0]).toMatchObject({ t, fields: { constructor: { unit: 'Cel' } } });
    const fields = readQuickBatch(message('a'))?.sensors[0];
    expect(fields?.kind === 'readings' && 'toString' in fields.fields).toBe(false);
    expect(readQuickBatch(message('__proto__'))).toBeUndefined();
  });
});
