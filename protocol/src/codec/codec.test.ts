import { describe, expect, it } from 'vitest';
import { decodeBatch, encodeBatch } from './codec.ts';
import type { Batch } from '../schema/index.ts';

const batch: Batch = {
  v: 1,
  device: 'greenhouse-1',
  epoch: 'k3j5h2g7',
  seq: 7,
  bootId: 'b1',
  sentAt: 1_790_000_000_000_000,
  clock: 'synced',
  configVersion: 0,
  lane: 'live',
  sensors: [
    {
      sensor: 'air',
      type: 'thermometer',
      kind: 'readings',
      t: Float64Array.of(1_790_000_000_000_000, 1_790_000_001_000_250, 1_790_000_000_000_000),
      fields: { temperature: { unit: 'Cel', v: Float64Array.of(20.31, -0, NaN), q: Uint8Array.of(0, 1, 2) } },
    },
  ],
  ledger: { 'air/temperature': { taken: 2, filtered: 0, refused: 0, lost: 0, open: 0, batched: 2 } },
};

describe('encodeBatch and decodeBatch', () => {
  for (const format of ['cbor', 'json'] as const) {
    for (const packed of [true, false]) {
      for (const gzip of [true, false]) {
        it(`are inverse: ${format}, packed ${packed}, gzip ${gzip}`, () => {
          const decoded = decodeBatch(encodeBatch(batch, { format, packed, gzip }));
          expect(decoded).toEqual({ ok: true, value: batch });
        });
      }
    }
  }
});
