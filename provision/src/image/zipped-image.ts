import { crc32 } from 'node:zlib';
import { FieldlineError } from '@fieldline/protocol';
import { openPromise, type Entry, type ZipFile } from 'yauzl';

/** A disk image inside a ZIP file. */
export interface ZippedImage {
  readonly unpackedBytes: number;
  /** The disk's bytes in order; rejects where they do not check. */
  unpack(): AsyncIterable<Uint8Array>;
  close(): void;
}

/**
 * Finds the one `.img` in the ZIP file at `path`. Throws PROVISION_IMAGE_UNREADABLE where there is none or more
 * than one, PROVISION_IMAGE_DAMAGED where the file is no sound ZIP file.
 */
export async function openZippedImage(path: string): Promise<ZippedImage> {
  const zip = await openPromise(path, { autoClose: false, lazyEntries: true }).catch((cause: unknown) =>
    damaged(path, cause),
  );
  try {
    const entry = onlyImage(path, await imagesIn(path, zip));
    return {
      unpackedBytes: entry.uncompressedSize,
      unpack: () => unpackEntry(zip, entry),
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function imagesIn(path: string, zip: ZipFile): Promise<Entry[]> {
  const found: Entry[] = [];
  try {
    for await (const entry of zip.eachEntry()) if (/\.img$/i.test(entry.fileName)) found.push(entry);
  } catch (cause) {
    damaged(path, cause);
  }
  return found;
}

function onlyImage(path: string, found: readonly Entry[]): Entry {
  const [entry, other] = found;
  if (entry && !other) return entry;
  const detail = entry ? `There are ${found.length} .img files in it.` : 'There is no .img file in it.';
  throw new FieldlineError('PROVISION_IMAGE_UNREADABLE', { subject: path, detail });
}

/** The library leaves the CRC-32 of the directory to its caller. */
async function* unpackEntry(zip: ZipFile, entry: Entry): AsyncIterable<Uint8Array> {
  let crc = 0;
  const stream: AsyncIterable<Uint8Array> = await zip.openReadStreamPromise(entry);
  for await (const chunk of stream) {
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (crc !== entry.crc32) throw new RangeError('the checksum of the ZIP file does not match');
}

function damaged(path: string, cause: unknown): never {
  const detail = cause instanceof Error ? `${cause.message}.` : String(cause);
  throw new FieldlineError('PROVISION_IMAGE_DAMAGED', { subject: path, detail, cause });
}
