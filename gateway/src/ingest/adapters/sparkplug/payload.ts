import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { accepted, refused, type Result } from '@fieldline/protocol';
import { payloadSchema } from './payload-schema.ts';

/** One metric as it is read from the wire. */
export interface Metric {
  /** Empty where the metric goes by its alias alone. */
  readonly name: string;
  readonly alias: bigint | undefined;
  /** Milliseconds UTC. */
  readonly timestampMs: number | undefined;
  /** Sparkplug 3.0, section 6.4.16; 0 where the message leaves it to the birth. */
  readonly datatype: number;
  readonly isHistorical: boolean;
  readonly isNull: boolean;
  readonly value: number | bigint | boolean | string | undefined;
  /** The property `engUnit`, where there is one. */
  readonly unit: string | undefined;
}

/** A payload as it is read from the wire. */
export interface Payload {
  readonly timestampMs: number | undefined;
  /** 0 to 255; undefined in deaths. */
  readonly seq: number | undefined;
  readonly metrics: readonly Metric[];
}

/** Metrics of one payload. */
const metricsMax = 10_000;

/** Reads a payload; refused as DIALECT_UNREADABLE. Never throws. */
export function readPayload(bytes: Uint8Array): Result<Payload> {
  try {
    const message = fromBinary(payloadSchema, bytes);
    const metrics = listOf(message, 'metrics');
    if (metrics.length > metricsMax)
      return refused('DIALECT_UNREADABLE', `${metrics.length} metrics; at most ${metricsMax}.`);
    const seq = get(message, 'seq');
    return accepted({
      timestampMs: milliseconds(message),
      seq: typeof seq === 'bigint' ? Number(seq) : undefined,
      metrics: metrics.map(readMetric),
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return refused('DIALECT_UNREADABLE', `It is no Sparkplug payload: ${detail}.`);
  }
}

/** The command by which a node is asked for its births (Sparkplug 3.0, section 6.4.22, Node Control/Rebirth). */
export function rebirthPayload(nowUs: number): Uint8Array {
  const timestamp = BigInt(Math.round(nowUs / 1000));
  const metric = {
    name: 'Node Control/Rebirth',
    timestamp,
    datatype: 11,
    value: { case: 'booleanValue', value: true },
  };
  return toBinary(payloadSchema, create(payloadSchema, { timestamp, metrics: [metric] }));
}

function readMetric(metric: object): Metric {
  const alias = get(metric, 'alias');
  const datatype = get(metric, 'datatype');
  const name = get(metric, 'name');
  return {
    name: typeof name === 'string' ? name : '',
    alias: typeof alias === 'bigint' && hasOwn(metric, 'alias') ? alias : undefined,
    timestampMs: milliseconds(metric),
    datatype: typeof datatype === 'number' ? datatype : 0,
    isHistorical: get(metric, 'isHistorical') === true,
    isNull: get(metric, 'isNull') === true,
    value: oneOf(metric),
    unit: unitOf(metric),
  };
}

/** The value of the group `value`. */
function oneOf(metric: object): Metric['value'] {
  const group = get(metric, 'value');
  if (typeof group !== 'object' || group === null) return undefined;
  const value = get(group, 'value');
  switch (typeof value) {
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'string':
      return value;
    default:
      return undefined;
  }
}

function unitOf(metric: object): string | undefined {
  const properties = get(metric, 'properties');
  if (typeof properties !== 'object' || properties === null) return undefined;
  const keys = get(properties, 'keys');
  const at = Array.isArray(keys) ? keys.indexOf('engUnit') : -1;
  const value = listOf(properties, 'values')[at];
  const unit = value && oneOf(value);
  return typeof unit === 'string' ? unit : undefined;
}

function milliseconds(message: object): number | undefined {
  const timestamp = get(message, 'timestamp');
  return typeof timestamp === 'bigint' && hasOwn(message, 'timestamp') ? Number(timestamp) : undefined;
}

/** Fields of proto2 that were not sent have a default through the prototype: only own ones were. */
function hasOwn(message: object, name: string): boolean {
  return Object.hasOwn(message, name);
}

function get(message: object, name: string): unknown {
  return Reflect.get(message, name);
}

function listOf(message: object, name: string): object[] {
  const list = get(message, name);
  return Array.isArray(list) ? list.filter((each: unknown): each is object => typeof each === 'object') : [];
}
