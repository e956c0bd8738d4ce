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
  writeKey(buffer, bodyAt, record);
  buffer.set(record.value, bodyAt + record.keyBytes);
  const timeHigh = Math.floor(record.appendedAtUs / twoTo32);
  writeWord(buffer, at + bodyBytesAt, bodyBytes);
  writeWord(buffer, at + timeLowAt, record.appendedAtUs % twoTo32);
  writeWord(buffer, at + keyBytesAt, timeHigh * 256 + record.keyBytes);
  writeWord(buffer, at + crcAt, crc32c(buffer, bodyAt, bodyAt + bodyBytes));
  return headerBytes + bodyBytes;
}

/** A key is mostly the short name of a device: its characters are the bytes where there are as many of both. */
function writeKey(buffer: Buffer, at: number, { key, keyBytes }: { key: string; keyBytes: number }): void {
  if (key.length === keyBytes) {
    for (let index = 0; index < keyBytes; index += 1) buffer[at + index] = key.charCodeAt(index);
  } else buffer.write(key, at, keyBytes, 'utf8');
}

/** Completes a staged record with what is known only at its commit. */
export function sealRecord(buffer: Buffer, at: number, mark: number, relativeOffset: number): void {
  writeWord(buffer, at + markAt, mark);
  writeWord(buffer, at + relativeOffsetAt, relativeOffset);
  const bodyCrc = buffer.readUInt32LE(at + crcAt);
  writeWord(buffer, at + crcAt, crc32c(buffer, at + bodyBytesAt, at + headerBytes, bodyCrc));
}

/** An unsigned integer of 32 bits, little endian; Buffer's own method checks its range again and again. */
function writeWord(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value;
  buffer[at + 1] = value >>> 8;
  buffer[at + 2] = value >>> 16;
  buffer[at + 3] = value >>> 24;
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
