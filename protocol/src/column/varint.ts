/** Thrown inside this package only, when packed bytes are damaged; callers of `column/` see a refusal. */
export class DamagedBytes extends Error {
  override readonly name = 'DamagedBytes';
}

/** The longest a varint of a safe integer can be: 53 bits, 7 a byte. */
export const varintBytesMax = 8;

/** Appends integers and doubles to bytes that grow as needed. */
export class ByteWriter {
  bytes = new Uint8Array(256);
  length = 0;

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** LEB128 of a safe integer, not negative: 7 bits a byte, low first, the top bit says that more follow. */
  varint(value: number): void {
    this.reserve(varintBytesMax);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  /** A signed integer of at most 52 bits as the varint of its zigzag: 0, -1, 1, -2 … become 0, 1, 2, 3 … */
  signedVarint(value: number): void {
    this.varint(zigzag(value));
  }

  /** IEEE 754 double, little endian. */
  double(value: number): void {
    this.reserve(8);
    new DataView(this.bytes.buffer).setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** What another writer holds. */
  append(other: ByteWriter): void {
    this.reserve(other.length);
    this.bytes.set(other.bytes.subarray(0, other.length), this.length);
    this.length += other.length;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** Reads what `ByteWriter` wrote; throws `DamagedBytes` where there is nothing more to read. */
export class ByteReader {
  readonly bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    const value = this.bytes[this.position];
    if (value === undefined) throw new DamagedBytes('it ends too early');
    this.position += 1;
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < varintBytesMax; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw new DamagedBytes('an integer is beyond 2^53');
  }

  signedVarint(): number {
    return unzigzag(this.varint());
  }

  double(): number {
    if (this.position + 8 > this.bytes.length) throw new DamagedBytes('it ends too early');
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    const value = view.getFloat64(this.position, true);
    this.position += 8;
    return value;
  }

  /** Passes over `count` bytes. */
  skip(count: number): void {
    if (count > this.bytes.length - this.position) throw new DamagedBytes('it ends too early');
    this.position += count;
  }

  /** Throws where bytes are left over. */
  end(): void {
    if (this.position !== this.bytes.length) throw new DamagedBytes('bytes follow its end');
  }
}

/** 0, -1, 1, -2 … become 0, 1, 2, 3 …; exact below 2^52. */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** The inverse of `zigzag`. */
export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
