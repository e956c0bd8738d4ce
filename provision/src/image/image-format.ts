/** How an image is packed. */
export type ImageFormat = 'raw' | 'xz' | 'zstd' | 'gzip' | 'zip';

/** Bytes that `imageFormat` wants to see. */
export const imageHeadBytes = 512;

const magics: readonly { readonly format: ImageFormat; readonly bytes: readonly number[] }[] = [
  { format: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { format: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { format: 'gzip', bytes: [0x1f, 0x8b] },
  { format: 'zip', bytes: [0x50, 0x4b, 0x03, 0x04] },
];

/**
 * The format of an image by its first `imageHeadBytes`; undefined where they are neither those of a known
 * packing nor a boot sector (its signature 55 aa ends the first sector of a disk with a partition table, be it
 * MBR or the protective one of GPT). File names are not asked: people rename files.
 */
export function imageFormat(head: Uint8Array): ImageFormat | undefined {
  const packed = magics.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte));
  if (packed) return packed.format;
  return head[510] === 0x55 && head[511] === 0xaa ? 'raw' : undefined;
}
