/** A file that goes into the boot partition. */
export interface BootFile {
  /** Relative to the partition's root, with `/`. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** A text as a boot file: UTF-8, with line feeds. */
export function textFile(path: string, text: string): BootFile {
  return { path, content: Buffer.from(text, 'utf8') };
}
