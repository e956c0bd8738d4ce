import { Type } from 'typebox';
import { TimeUs } from '../names.ts';

const Count = Type.Integer();

/**
 * Where the readings are. `taken` is what the device says it took; the others say where each went; all are
 * independent counters. `underWay` = open windows on the device + batches named but not yet here + journaled
 * but not yet stored. `unaccounted` is the sum of every difference found between independent counters.
 */
export const LedgerRow = Type.Object({
  taken: Count,
  stored: Count,
  filtered: Count,
  refused: Count,
  lost: Count,
  underWay: Count,
  unaccounted: Count,
});
export type LedgerRow = Type.Static<typeof LedgerRow>;

/** The account of one stream. */
export const StreamLedgerRow = Type.Object({ stream: Type.String(), ...LedgerRow.properties });
export type StreamLedgerRow = Type.Static<typeof StreamLedgerRow>;

/** The account of one device, and of each of its streams. */
export const DeviceLedger = Type.Object({
  device: Type.String(),
  ...LedgerRow.properties,
  /** Batches that the device has named and that have not come: epoch, first and last seq. */
  missing: Type.Array(Type.Tuple([Type.String(), Type.Integer(), Type.Integer()])),
  /** The first batch at which counters that should agree did not; null while they do, and where only the store's differ. */
  firstDifference: Type.Optional(
    Type.Union([Type.Object({ epoch: Type.String(), seq: Type.Integer() }), Type.Null()]),
  ),
  streams: Type.Array(StreamLedgerRow),
});
export type DeviceLedger = Type.Static<typeof DeviceLedger>;

/** `GET /api/v1/ledger` and `GET /api/v1/ledger?device=…`. */
export const LedgerAnswer = Type.Object({
  atUs: TimeUs,
  /** The sink whose own counts are compared: `embedded` or `influxdb`. */
  store: Type.String(),
  total: LedgerRow,
  devices: Type.Array(DeviceLedger),
});
export type LedgerAnswer = Type.Static<typeof LedgerAnswer>;
