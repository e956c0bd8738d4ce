import { ByteReader, ByteWriter, DamagedBytes } from '../column/varint.ts';
import { accepted, refused, type Result } from '../errors/index.ts';
import type { Buckets } from './buckets.ts';
import { sketchLimits, type SketchOptions } from './sketch-limits.ts';
import type { Sketch } from './sketch.ts';

/** The first byte of an encoded sketch. */
const sketchVersion = 1;

/** The magnitudes of doubles, 2^-1074 to 2^1024, have indices within this at the finest accuracy. */
const indexMax = 4_000_000;

/** Writes version, accuracy in millionths, bucketsMax, the count of zeros, and the buckets of both signs. */
export function encodeSketch(sketch: Sketch): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(sketchVersion);
  writer.varint(Math.round(sketch.relativeAccuracy * 1e6));
  writer.varint(sketch.bucketsMax);
  writer.varint(sketch.zeroCount);
  writeBuckets(writer, sketch.positive);
  writeBuckets(writer, sketch.negative);
  return writer.finish();
}

/** Takes what the bytes of a sketch say, bucket by bucket. */
interface BucketSink {
  add(index: number, count: number): void;
}

const nothing: BucketSink = { add: () => undefined };

/** The inverse; `create` breaks the circle between this file and the class. */
export function decodeSketch(bytes: Uint8Array, create: (options: SketchOptions) => Sketch): Result<Sketch> {
  return attempt(() => {
    const reader = new ByteReader(bytes);
    const options = readOptions(reader);
    const sketch = create(options);
    sketch.zeroCount = reader.varint();
    readBuckets(reader, options.bucketsMax, sketch.positive);
    readBuckets(reader, options.bucketsMax, sketch.negative);
    reader.end();
    return sketch;
  });
}

/** Refuses what `decodeSketch` would, without taking memory for it; answers how many values it holds. */
export function checkSketch(bytes: Uint8Array): Result<number> {
  return attempt(() => {
    const reader = new ByteReader(bytes);
    const { bucketsMax } = readOptions(reader);
    const zeroCount = reader.varint();
    const positive = readBuckets(reader, bucketsMax, nothing);
    const negative = readBuckets(reader, bucketsMax, nothing);
    reader.end();
    return zeroCount + positive + negative;
  });
}

function attempt<Value>(read: () => Value): Result<Value> {
  try {
    return accepted(read());
  } catch (error) {
    if (error instanceof DamagedBytes) return refused('BATCH_INVALID', `sketch: ${error.message}`);
    throw error;
  }
}

function readOptions(reader: ByteReader): Required<SketchOptions> {
  if (reader.byte() !== sketchVersion) throw new DamagedBytes('its version is unknown');
  const relativeAccuracy = reader.varint() / 1e6;
  const bucketsMax = reader.varint();
  const { relativeAccuracyMin, relativeAccuracyMax, bucketsMaxMin, bucketsMaxMax } = sketchLimits;
  if (relativeAccuracy < relativeAccuracyMin || relativeAccuracy > relativeAccuracyMax) {
    throw new DamagedBytes(`its relative accuracy is ${relativeAccuracy}`);
  }
  if (bucketsMax < bucketsMaxMin || bucketsMax > bucketsMaxMax) {
    throw new DamagedBytes(`its limit is ${bucketsMax} buckets`);
  }
  return { relativeAccuracy, bucketsMax };
}

/**
 * Number of buckets in use, index of the lowest (zigzag), then a varint a bucket, ascending:
 * `2 * (distance to the bucket before - 1)`, plus 1 where a varint of `count - 2` follows (else the count is
 * 1). The distance of the first is 1.
 */
function writeBuckets(writer: ByteWriter, buckets: Buckets): void {
  const { lowest, highest } = buckets;
  let used = 0;
  if (buckets.total > 0)
    for (let index = lowest; index <= highest; index++) if (buckets.at(index) > 0) used += 1;
  writer.varint(used);
  if (used === 0) return;
  // Collapsing may leave the lowest bucket of the range empty only before anything was counted there.
  let before = lowest - 1;
  writer.signedVarint(lowest);
  for (let index = lowest; index <= highest; index++) {
    const count = buckets.at(index);
    if (count === 0) continue;
    writer.varint(2 * (index - before - 1) + (count > 1 ? 1 : 0));
    if (count > 1) writer.varint(count - 2);
    before = index;
  }
}

/** Answers how many values the buckets hold. */
function readBuckets(reader: ByteReader, bucketsMax: number, sink: BucketSink): number {
  const used = reader.varint();
  if (used > bucketsMax) throw new DamagedBytes('it has more buckets than its limit');
  if (used === 0) return 0;
  const first = reader.signedVarint();
  let index = first - 1;
  let total = 0;
  for (let bucket = 0; bucket < used; bucket++) {
    const head = reader.varint();
    index += Math.floor(head / 2) + 1;
    if (Math.abs(index) > indexMax || index - first >= bucketsMax) {
      throw new DamagedBytes('a bucket is out of range');
    }
    const count = head % 2 === 1 ? reader.varint() + 2 : 1;
    total += count;
    sink.add(index, count);
  }
  return total;
}
