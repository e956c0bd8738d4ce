import { packFloats, packTimes } from '../column/index.ts';
import type {
  Batch,
  GapsBlock,
  ReadingsBlock,
  SensorBlock,
  WindowsBlock,
  WindowsField,
} from '../schema/index.ts';
import { windowColumns } from './wire-names.ts';

/** How the columns of a message are written. */
export interface WireForm {
  readonly format: 'cbor' | 'json';
  readonly packed: boolean;
}

type WireColumn = Uint8Array | (number | bigint | null)[];

/** The message of a batch as plain objects and arrays, ready for CBOR or JSON. */
export function batchToWire(batch: Batch, form: WireForm): Record<string, unknown> {
  return {
    v: batch.v,
    device: batch.device,
    epoch: batch.epoch,
    seq: batch.seq,
    bootId: batch.bootId,
    sentAt: wireTime(batch.sentAt, form),
    clock: batch.clock,
    configVersion: batch.configVersion,
    lane: batch.lane,
    sensors: batch.sensors.map((block) => blockToWire(block, form)),
    ...(batch.dropped && { dropped: batch.dropped }),
    ledger: batch.ledger,
    ...(batch.anchor && { anchor: batch.anchor }),
  };
}

function blockToWire(block: SensorBlock, form: WireForm): Record<string, unknown> {
  if (block.kind === 'readings') return readingsToWire(block, form);
  return block.kind === 'windows' ? windowsToWire(block, form) : gapsToWire(block, form);
}

function readingsToWire(block: ReadingsBlock, form: WireForm): Record<string, unknown> {
  const { sensor, type, kind, t, extra } = block;
  const fields = mapFields(block.fields, ({ unit, v, q }) => ({
    unit,
    v: floats(v, form),
    ...(q && { q: codes(q, form) }),
  }));
  return { sensor, type, kind, t: times(t, form), fields, ...(extra !== undefined && { extra }) };
}

function windowsToWire(block: WindowsBlock, form: WireForm): Record<string, unknown> {
  const { sensor, type, kind, window, start, end, partial, extra } = block;
  return {
    sensor,
    type,
    kind,
    window,
    start: times(start, form),
    end: times(end, form),
    ...(partial && {
      partial: form.packed ? codes(partial, form) : Array.from(partial, (flag) => flag !== 0),
    }),
    fields: mapFields(block.fields, (field) => windowsFieldToWire(field, form)),
    ...(extra !== undefined && { extra }),
  };
}

function windowsFieldToWire(field: WindowsField, form: WireForm): Record<string, unknown> {
  const wire: Record<string, unknown> = { unit: field.unit };
  for (const column of windowColumns) wire[column] = floats(field[column], form);
  if (field.sketch) wire['sketch'] = field.sketch;
  return wire;
}

function gapsToWire(block: GapsBlock, form: WireForm): Record<string, unknown> {
  const { sensor, type, kind, from, to, reason } = block;
  return { sensor, type, kind, from: times(from, form), to: times(to, form), reason };
}

function mapFields<Field>(
  fields: Readonly<Record<string, Field>>,
  toWire: (field: Field) => Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([quantity, field]) => [quantity, toWire(field)]));
}

function times(values: Float64Array, form: WireForm): WireColumn {
  if (form.packed) return packTimes(values);
  return Array.from(values, (time) => wireTime(time, form));
}

function floats(values: Float64Array, form: WireForm): WireColumn {
  // Neither JSON.stringify nor the CBOR library keeps the sign of a negative zero.
  if (form.packed || values.some(isNegativeZero)) return packFloats(values);
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}

function codes(values: Uint8Array, form: WireForm): WireColumn {
  return form.packed ? packFloats(Float64Array.from(values)) : Array.from(values);
}

/** In CBOR a whole number beyond 32 bits would travel as a double: as a bigint it travels as an integer. */
function wireTime(us: number, form: WireForm): number | bigint {
  return form.format === 'cbor' && Math.abs(us) > 0xffffffff && Number.isSafeInteger(us) ? BigInt(us) : us;
}

function isNegativeZero(value: number): boolean {
  return Object.is(value, -0);
}
