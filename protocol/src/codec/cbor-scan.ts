import { batchLimits } from './limits.ts';
import { WireProblem } from './wire-problem.ts';

/**
 * Walks over CBOR bytes (RFC 8949) without building anything, and throws `WireProblem` unless they are one
 * item of the subset that a batch is made of: numbers, false, true, null, definite strings, arrays, and maps
 * with text keys other than `__proto__`; no tags. The library that decodes afterwards then never meets what
 * it would interpret (records, references, shared strings), allocate for, or recurse into.
 */
export function scanCbor(bytes: Uint8Array): void {
  const scan = new Scan(bytes);
  scan.item(0);
  if (scan.position !== bytes.length)
    throw new WireProblem('BATCH_UNDECODABLE', 'bytes follow the CBOR item');
}

const protoKey = new TextEncoder().encode('__proto__');
const breakByte = 0xff;
const indefinite = -1;

class Scan {
  position = 0;
  readonly #bytes: Uint8Array;
  #containers = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  item(depth: number): void {
    const head = this.#byte();
    const major = head >> 5;
    if (major === 7) return this.#simple(head & 0x1f);
    const argument = this.#argument(head & 0x1f, major);
    if (major <= 1) return;
    if (major <= 3) return this.#skip(argument);
    if (major === 6) throw undecodable('a CBOR tag');
    this.#container(argument, major === 5, depth);
  }

  #container(length: number, isMap: boolean, depth: number): void {
    this.#containers += 1;
    if (depth >= batchLimits.depth) throw undecodable(`more than ${batchLimits.depth} levels of nesting`);
    if (this.#containers > batchLimits.containers) {
      throw undecodable(`more than ${batchLimits.containers} maps and arrays`);
    }
    // Each element takes a byte at least: a length beyond what is left is a lie.
    if (length > this.#bytes.length - this.position) throw undecodable('a length beyond its end');
    for (let index = 0; index !== length; index++) {
      if (length === indefinite && this.#bytes[this.position] === breakByte) {
        this.position += 1;
        return;
      }
      if (isMap) this.#key();
      this.item(depth + 1);
    }
  }

  #key(): void {
    const head = this.#byte();
    if (head >> 5 !== 3) throw undecodable('a map key that is not text');
    const length = this.#argument(head & 0x1f, 3);
    const start = this.position;
    this.#skip(length);
    if (length === protoKey.length && protoKey.every((byte, at) => this.#bytes[start + at] === byte)) {
      throw undecodable('the key __proto__');
    }
  }

  #simple(info: number): void {
    if (info === 20 || info === 21 || info === 22) return;
    if (info >= 25 && info <= 27) return this.#skip(1 << (info - 24));
    throw undecodable('a CBOR simple value other than false, true and null');
  }

  #argument(info: number, major: number): number {
    if (info < 24) return info;
    if (info === 31 && (major === 4 || major === 5)) return indefinite;
    if (info > 27) throw undecodable('a CBOR head that is not allowed in a batch');
    let value = 0;
    for (let count = 1 << (info - 24); count > 0; count--) value = value * 256 + this.#byte();
    return value;
  }

  #byte(): number {
    const byte = this.#bytes[this.position];
    if (byte === undefined) throw undecodable('an early end');
    this.position += 1;
    return byte;
  }

  #skip(count: number): void {
    this.position += count;
    if (this.position > this.#bytes.length) throw undecodable('a length beyond its end');
  }
}

function undecodable(what: string): WireProblem {
  return new WireProblem('BATCH_UNDECODABLE', `the CBOR holds ${what}`);
}
