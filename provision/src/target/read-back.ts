import type { FileHandle } from 'node:fs/promises';

/** The one part of WebAssembly used here; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
};

/** Memory that begins at a page of its own, as O_DIRECT asks; no buffer of Node's does. */
function pageAligned(bytes: number): Uint8Array {
  const pageBytes = 65_536;
  return new Uint8Array(new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) }).buffer);
}

/**
 * The first `sizeBytes` of a file or disk in blocks of `blockBytes`, the last one shorter; ends early where the
 * medium does. A block is valid until the next is asked for: there are two, one read while the other is used.
 */
export async function* readBack(
  handle: FileHandle,
  sizeBytes: number,
  blockBytes: number,
): AsyncIterable<Uint8Array> {
  const slots = [pageAligned(blockBytes), pageAligned(blockBytes)] as const;
  const read = (index: number) =>
    handle.read(slots[index % 2 === 0 ? 0 : 1], 0, blockBytes, index * blockBytes);
  const count = Math.ceil(sizeBytes / blockBytes);
  let next = count > 0 ? read(0) : undefined;
  for (let index = 0; next; index++) {
    const { bytesRead, buffer } = await next;
    next = index + 1 < count ? read(index + 1) : undefined;
    // Nobody awaits the block after the last one that is used; its failure is told when it is, or not at all.
    next?.catch(() => undefined);
    yield buffer.subarray(0, Math.min(bytesRead, sizeBytes - index * blockBytes));
  }
}
