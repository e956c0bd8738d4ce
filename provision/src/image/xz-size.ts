import type { FileHandle } from 'node:fs/promises';

const footerBytes = 12;
/** An index of this size stands for terabytes in ordinary blocks. */
const indexBytesMax = 16 * 1024 * 1024;

/**
 * The unpacked size of a file of one xz stream, from the index at its end, so that a card which is too small is
 * refused before anything is written to it. Undefined where the end is no such index (several streams, padding,
 * a cut file): then only unpacking tells. Source: The .xz File Format 1.2.1, sections 2.1.2 and 4.
 */
export async function xzUnpackedBytes(file: FileHandle, sizeBytes: number): Promise<number | undefined> {
  if (sizeBytes < footerBytes) return undefined;
  const footer = await readAt(file, sizeBytes - footerBytes, footerBytes);
  if (footer[10] !== 0x59 || footer[11] !== 0x5a) return undefined;
  const indexBytes = (footer.readUInt32LE(4) + 1) * 4;
  const indexAt = sizeBytes - footerBytes - indexBytes;
  if (indexBytes > indexBytesMax || indexAt < footerBytes) return undefined;
  return sumOfIndex(await readAt(file, indexAt, indexBytes));
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function sumOfIndex(index: Buffer): number | undefined {
  if (index[0] !== 0) return undefined;
  let at = 1;
  const next = (): number => {
    let value = 0;
    for (let scale = 1; at < index.length; scale *= 128) {
      const byte = index.readUInt8(at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return NaN;
  };
  let sum = 0;
  for (let records = next(); records > 0; records--) {
    next();
    sum += next();
    if (!Number.isSafeInteger(sum)) return undefined;
  }
  return sum;
}
