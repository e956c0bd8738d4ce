/** A metric as a node writes it; only what is given is written. */
export interface MetricFields {
  readonly name?: string;
  readonly alias?: number;
  readonly timestampMs?: number;
  readonly datatype?: number;
  readonly isHistorical?: boolean;
  readonly isNull?: boolean;
  readonly unit?: string;
  readonly int?: number;
  readonly long?: bigint;
  readonly float?: number;
  readonly double?: number;
  readonly boolean?: boolean;
  readonly string?: string;
}

/**
 * Writes a payload of Sparkplug B byte by byte, after the wire format of Protocol Buffers alone (varints,
 * little-endian floats, lengths): another hand than the library that reads it.
 */
export function sparkplugBytes(payload: {
  readonly timestampMs?: number;
  readonly seq?: number;
  readonly metrics?: readonly MetricFields[];
}): Buffer {
  const { timestampMs, seq, metrics = [] } = payload;
  return Buffer.concat([
    ...(timestampMs === undefined ? [] : [varintField(1, BigInt(timestampMs))]),
    ...metrics.map((metric) => bytesField(2, metricBytes(metric))),
    ...(seq === undefined ? [] : [varintField(3, BigInt(seq))]),
  ]);
}

function metricBytes(metric: MetricFields): Buffer {
  const { name, alias, timestampMs, datatype, isHistorical, isNull, unit } = metric;
  return Buffer.concat([
    ...(name === undefined ? [] : [bytesField(1, Buffer.from(name))]),
    ...(alias === undefined ? [] : [varintField(2, BigInt(alias))]),
    ...(timestampMs === undefined ? [] : [varintField(3, BigInt(timestampMs))]),
    ...(datatype === undefined ? [] : [varintField(4, BigInt(datatype))]),
    ...(isHistorical ? [varintField(5, 1n)] : []),
    ...(isNull ? [varintField(7, 1n)] : []),
    ...(unit === undefined ? [] : [bytesField(9, unitBytes(unit))]),
    valueBytes(metric),
  ]);
}

function valueBytes({ int, long, float, double, boolean, string }: MetricFields): Buffer {
  if (int !== undefined) return varintField(10, BigInt.asUintN(32, BigInt(int)));
  if (long !== undefined) return varintField(11, BigInt.asUintN(64, long));
  if (float !== undefined) {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(float);
    return Buffer.concat([varint((12n << 3n) | 5n), bytes]);
  }
  if (double !== undefined) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(double);
    return Buffer.concat([varint((13n << 3n) | 1n), bytes]);
  }
  if (boolean !== undefined) return varintField(14, boolean ? 1n : 0n);
  return string === undefined ? Buffer.alloc(0) : bytesField(15, Buffer.from(string));
}

/** A property set with `engUnit` alone. */
function unitBytes(unit: string): Buffer {
  const value = Buffer.concat([varintField(1, 12n), bytesField(8, Buffer.from(unit))]);
  return Buffer.concat([bytesField(1, Buffer.from('engUnit')), bytesField(2, value)]);
}

function varintField(number: number, value: bigint): Buffer {
  return Buffer.concat([varint(BigInt(number) << 3n), varint(value)]);
}

function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((BigInt(number) << 3n) | 2n), varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest < 0x80n) return Buffer.from([...bytes, low]);
    bytes.push(low | 0x80);
  }
}
