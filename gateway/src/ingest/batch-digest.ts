import { createHash, type Hash } from 'node:crypto';
import type { Batch, SensorBlock } from '@fieldline/protocol';

/** Characters of the digest: 96 bits, base64url. Enough to tell a conflict from a duplicate. */
const digestChars = 16;

/**
 * Digest of what a batch says: of its decoded content, so that the same batch is the same whether it came as
 * CBOR or JSON, packed, gzipped, now or again. `sentAt` and `lane` are left out: they belong to the sending.
 */
export function digestOf(batch: Batch): string {
  const hash = createHash('sha256');
  const { bootId, clock, configVersion, dropped, ledger, anchor } = batch;
  hash.update(
    JSON.stringify([bootId, clock, configVersion, dropped ?? null, sorted(ledger), anchor ?? null]),
  );
  for (const block of batch.sensors) hashBlock(hash, block);
  return hash.digest('base64url').slice(0, digestChars);
}

function hashBlock(hash: Hash, block: SensorBlock): void {
  const { sensor, type, kind } = block;
  if (kind === 'gaps') {
    hash.update(JSON.stringify([sensor, type, kind, block.reason]));
    hashColumns(hash, [block.from, block.to]);
    return;
  }
  hash.update(JSON.stringify([sensor, type, kind, block.extra === true]));
  if (kind === 'windows') {
    hash.update(block.window);
    hashColumns(hash, [block.start, block.end, block.partial]);
  } else {
    hashColumns(hash, [block.t]);
  }
  for (const quantity of Object.keys(block.fields).toSorted())
    hashField(hash, quantity, block.fields[quantity]);
}

/** Columns in the order of their names: an encoder may write them in any order. */
function hashField(hash: Hash, quantity: string, field: object | undefined): void {
  hash.update(quantity);
  for (const [name, column] of sorted(field ?? {})) {
    hash.update(name);
    if (ArrayBuffer.isView(column)) hashColumns(hash, [column]);
    else if (Array.isArray(column)) hashColumns(hash, column);
    else hash.update(String(column));
  }
}

function hashColumns(hash: Hash, columns: readonly unknown[]): void {
  for (const column of columns) {
    if (ArrayBuffer.isView(column)) {
      hash.update(`${column.byteLength}:`);
      hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
    } else {
      hash.update('-');
    }
  }
}

function sorted(record: object): [string, unknown][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
