import { countReadings, type Batch } from '@fieldline/protocol';

/** Whether a batch names streams beyond `limit`, of a device that has `known` already. */
export function hasTooManyStreams(batch: Batch, known: ReadonlySet<string>, limit: number): boolean {
  const dropped = (batch.dropped ?? []).flatMap(([, , , counts]) => Object.keys(counts));
  const named = new Set([...countReadings(batch).keys(), ...Object.keys(batch.ledger), ...dropped]);
  let count = known.size;
  for (const stream of named) if (!known.has(stream)) count += 1;
  return count > limit && count > known.size;
}
