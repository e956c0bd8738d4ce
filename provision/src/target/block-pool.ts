/** The one part of WebAssembly used here; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
};

/** Memory of WebAssembly comes in pages of this size (its specification, 4.2.8). */
const pageBytes = 65_536;

/**
 * A fixed number of blocks that go round between reading, hashing and writing. Where `blockBytes` is a multiple of
 * the page size, each begins at a page of its own, as O_DIRECT asks; no buffer of Node's does.
 */
export class BlockPool {
  readonly blockBytes: number;
  readonly #free: Uint8Array[] = [];

  constructor(count: number, blockBytes: number) {
    this.blockBytes = blockBytes;
    const { buffer } = new WebAssembly.Memory({ initial: Math.ceil((count * blockBytes) / pageBytes) });
    for (let index = count - 1; index >= 0; index--)
      this.#free.push(new Uint8Array(buffer, index * blockBytes, blockBytes));
  }

  /** A block of full size; its content is of no meaning. Throws RangeError where all are out: they are counted. */
  take(): Uint8Array {
    const block = this.#free.pop();
    if (!block) throw new RangeError('more blocks are wanted than there are');
    return block;
  }

  /** Takes back `block`, or the beginning of one. */
  give(block: Uint8Array): void {
    this.#free.push(new Uint8Array(block.buffer, block.byteOffset, this.blockBytes));
  }
}
