import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

/** Bytes in memory, or those of a file on this machine: packages are large, and are read piece by piece. */
export type Content = Uint8Array | { readonly file: string };

/** A file that goes into the boot partition. */
export interface BootFile {
  /** Relative to the partition's root, with `/`. */
  readonly path: string;
  readonly content: Content;
}

/** Bytes that are in memory at once. */
const pieceBytes = 64 * 1024;

/** A text as a boot file: UTF-8, with line feeds. */
export function textFile(path: string, text: string): BootFile {
  return { path, content: Buffer.from(text, 'utf8') };
}

/** The content piece by piece; a piece is valid until the next. Throws the error of the file where it cannot be read. */
export function* piecesOf(content: Content): Iterable<Uint8Array> {
  if (content instanceof Uint8Array) {
    for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes);
    return;
  }
  const piece = new Uint8Array(pieceBytes);
  const descriptor = openSync(content.file, 'r');
  try {
    for (let count = readSync(descriptor, piece); count > 0; count = readSync(descriptor, piece))
      yield piece.subarray(0, count);
  } finally {
    closeSync(descriptor);
  }
}

/** Size and SHA-256 of a content, taken while its pieces pass. */
export class ContentDigest {
  readonly #sha256 = createHash('sha256');
  #sizeBytes = 0;

  /** The same pieces. */
  *of(pieces: Iterable<Uint8Array>): Iterable<Uint8Array> {
    for (const piece of pieces) {
      this.#sha256.update(piece);
      this.#sizeBytes += piece.length;
      yield piece;
    }
  }

  /** SHA-256 in hexadecimal; to be asked for once. */
  end(): { sizeBytes: number; sha256: string } {
    return { sizeBytes: this.#sizeBytes, sha256: this.#sha256.digest('hex') };
  }
}
