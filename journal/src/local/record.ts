import { crc32c } from '../crc32c.ts';
import { keyBytesMax, recordBodyBytesMax } from './limits.ts';

/**
 * One record in a segment, little endian:
 *
 * | at | bytes | what                                                                                |
 * |----|-------|-------------------------------------------------------------------------------------|
 * | 0  | 4     | mark: the segment's random number, which lets a scan find the next record           |
 * | 4  | 4     | CRC-32C of the body, then of bytes 8 to 23                                          |
 * | 8  | 4     | length of the body                                                                  |
 * | 12 | 4     | offset, less the segment's first                                                    |
 * | 16 | 4     | appended at, microseconds UTC, low 32 bits                                          |
 * | 20 | 1     | length of the key                                                                   |
 * | 21 | 3     | appended at, high 24 bits                                                           |
 * | 24 | …     | body: key (UTF-8), value                                                            |
 *
 * The checksum takes the body first: it can be computed when the record arrives, while the sync before it
 * still runs, and be finished once the offset is known.
 */
export const headerBytes = 24;

const markAt = 0;
const crcAt = 4;
const bodyBytesAt = 8;
const relativeOffsetAt = 12;
const timeLowAt = 16;
const keyBytesAt = 20;
const timeHighAt = 21;
const twoTo32 = 0x1_0000_0000;

/** What a record's header says; sizes in bytes, time in microseconds UTC. */
export interface RecordHeader {
  readonly bodyBytes: number;
  readonly keyBytes: number;
  readonly relativeOffset: number;
  readonly appendedAtUs: number;
}

/** Writes all of the record at `at` but mark, offset and final checksum; answers the record's length in bytes. */
export function stageRecord(
  buffer: Buffer,
  at: number,
  record: { key: string; keyBytes: number; value: Uint8Array; appendedAtUs: number },
): number {
  const bodyAt = at + headerBytes;
  const bodyBytes = record.keyBytes + record.value.length;
  buffer.write(record.key, bodyAt, record.keyBytes, 'utf8');
  buffer.set(record.value, bodyAt + record.keyBytes);
  const timeHigh = Math.floor(record.appendedAtUs / twoTo32);
  buffer.writeUInt32LE(bodyBytes, at + bodyBytesAt);
  buffer.writeUInt32LE(record.appendedAtUs % twoTo32, at + timeLowAt);
  buffer.writeUInt32LE(timeHigh * 256 + record.keyBytes, at + keyBytesAt);
  buffer.writeUInt32LE(crc32c(buffer, bodyAt, bodyAt + bodyBytes), at + crcAt);
  return headerBytes + bodyBytes;
}

/** Completes a staged record with what is known only at its commit. */
export function sealRecord(buffer: Buffer, at: number, mark: number, relativeOffset: number): void {
  buffer.writeUInt32LE(mark, at + markAt);
  buffer.writeUInt32LE(relativeOffset, at + relativeOffsetAt);
  const bodyCrc = buffer.readUInt32LE(at + crcAt);
  buffer.writeUInt32LE(crc32c(buffer, at + bodyBytesAt, at + headerBytes, bodyCrc), at + crcAt);
}

/** The header at `at` if it can be one (mark and lengths fit), else undefined. The checksum is not looked at. */
export function readHeader(buffer: Buffer, at: number, mark: number): RecordHeader | undefined {
  if (buffer.readUInt32LE(at + markAt) !== mark) return undefined;
  const bodyBytes = buffer.readUInt32LE(at + bodyBytesAt);
  const keyBytes = buffer[at + keyBytesAt] ?? 0;
  if (bodyBytes > recordBodyBytesMax || keyBytes > bodyBytes || keyBytes > keyBytesMax) return undefined;
  return {
    bodyBytes,
    keyBytes,
    relativeOffset: buffer.readUInt32LE(at + relativeOffsetAt),
    appendedAtUs: buffer.readUIntLE(at + timeHighAt, 3) * twoTo32 + buffer.readUInt32LE(at + timeLowAt),
  };
}

/** Whether the whole record at `at`, which must lie in the buffer, has its right checksum. */
export function isIntact(buffer: Buffer, at: number, bodyBytes: number): boolean {
  const bodyAt = at + headerBytes;
  const bodyCrc = crc32c(buffer, bodyAt, bodyAt + bodyBytes);
  return crc32c(buffer, at + bodyBytesAt, bodyAt, bodyCrc) === buffer.readUInt32LE(at + crcAt);
}

/** The mark as it stands in the file, for searching. */
export function markBytes(mark: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(mark);
  return bytes;
}
