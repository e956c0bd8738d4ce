import { open, type FileHandle } from 'node:fs/promises';
import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { FieldlineError } from '@fieldline/protocol';
import xz from 'xz-decompress';
import { imageFormat, imageHeadBytes, type ImageFormat } from './image-format.ts';
import type { BlockPool } from '../target/block-pool.ts';
import { blocksOf } from '../target/blocks-of.ts';
import { readBlocks } from '../target/read-blocks.ts';
import { xzUnpackedBytes } from './xz-size.ts';
import { openZippedImage } from './zipped-image.ts';

/** Bytes that are read from the packed file at once. */
const readBytes = 1024 * 1024;
/** Blocks of a raw image that are read while one is used. */
const blocksAhead = 4;

/** An image, ready to be unpacked once. */
export interface ImageSource {
  readonly path: string;
  readonly format: ImageFormat;
  /** Size of the file as it is. */
  readonly packedBytes: number;
  /** Size of the disk in it, where the file tells before it is unpacked. */
  readonly unpackedBytes: number | undefined;
  /** Packed bytes read so far: what progress is measured by where `unpackedBytes` is unknown. */
  readBytes(): number;
  /**
   * The disk's bytes in order, in blocks from `pool` that are given back to it. Ends with PROVISION_IMAGE_DAMAGED
   * where the packing does not check (CRC) or the file ends too early.
   */
  blocks(pool: BlockPool): AsyncGenerator<Uint8Array, void>;
  close(): Promise<void>;
}

/**
 * Opens the image at `path`: a raw disk, or one packed by xz, Zstandard, gzip or in a ZIP file, told apart by
 * its first bytes. Throws PROVISION_IMAGE_UNREADABLE, or PROVISION_IMAGE_DAMAGED for a ZIP file whose directory
 * cannot be read.
 */
export async function openImage(path: string): Promise<ImageSource> {
  const file = await open(path).catch((cause: unknown) => {
    throw new FieldlineError('PROVISION_IMAGE_UNREADABLE', { subject: path, cause, detail: reasonOf(cause) });
  });
  try {
    const { size, isFile } = await statOf(file);
    const head = await file.read(Buffer.alloc(imageHeadBytes), 0, imageHeadBytes, 0);
    const format = imageFormat(head.buffer.subarray(0, head.bytesRead));
    if (!isFile || format === undefined) {
      const detail = isFile ? 'It begins neither like a disk nor like a known packing.' : 'It is no file.';
      throw new FieldlineError('PROVISION_IMAGE_UNREADABLE', { subject: path, detail });
    }
    return await openAs(format, file, { path, packedBytes: size });
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function statOf(file: FileHandle): Promise<{ size: number; isFile: boolean }> {
  const stat = await file.stat();
  return { size: stat.size, isFile: stat.isFile() };
}

async function openAs(
  format: ImageFormat,
  file: FileHandle,
  about: { path: string; packedBytes: number },
): Promise<ImageSource> {
  const { path, packedBytes } = about;
  const progress = { bytes: 0 };
  const zipped = format === 'zip' ? await openZippedImage(path) : undefined;
  const unpackedBytes = zipped?.unpackedBytes ?? (await sizeOf(format, file, packedBytes));
  const blocks = (pool: BlockPool) => {
    if (zipped) return blocksOf(zipped.unpack(), pool);
    if (format === 'raw' || format === 'zip')
      return readBlocks(file, packedBytes, { pool, ahead: blocksAhead });
    const packed = file.createReadStream({ start: 0, highWaterMark: readBytes, autoClose: false });
    const count = (bytes: number) => (progress.bytes += bytes);
    return blocksOf(unpackAs(format, packed, count), pool);
  };
  return {
    ...about,
    format,
    unpackedBytes,
    readBytes: () => progress.bytes,
    blocks: (pool) => checked(path, blocks(pool), unpackedBytes),
    close: async () => {
      zipped?.close();
      await file.close();
    },
  };
}

async function sizeOf(format: ImageFormat, file: FileHandle, packedBytes: number) {
  if (format === 'raw') return packedBytes;
  return format === 'xz' ? xzUnpackedBytes(file, packedBytes) : undefined;
}

function unpackAs(
  format: Exclude<ImageFormat, 'raw' | 'zip'>,
  packed: Readable,
  read: (bytes: number) => void,
): AsyncIterable<Uint8Array> {
  const counted = new Transform({
    transform(chunk: Uint8Array, _, done) {
      read(chunk.length);
      done(null, chunk);
    },
  });
  switch (format) {
    case 'xz':
      return new xz.XzReadableStream(Readable.toWeb(pipeline(packed, counted, () => {})));
    case 'zstd':
      return pipeline(packed, counted, createZstdDecompress(), () => {});
    case 'gzip':
      return pipeline(packed, counted, createGunzip(), () => {});
  }
}

/** Passes the bytes on, and tells damage by name. */
async function* checked(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  expectedBytes: number | undefined,
): AsyncGenerator<Uint8Array, void> {
  let count = 0;
  try {
    for await (const chunk of bytes) {
      count += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    const detail = `${reasonOf(cause)}, after ${count} bytes of the disk.`;
    throw new FieldlineError('PROVISION_IMAGE_DAMAGED', { subject: path, detail, cause });
  }
  if (expectedBytes !== undefined && count !== expectedBytes) {
    const detail = `It holds ${count} bytes of ${expectedBytes}.`;
    throw new FieldlineError('PROVISION_IMAGE_DAMAGED', { subject: path, detail });
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
