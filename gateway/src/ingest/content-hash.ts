const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);

/** Below so many values a view of their words costs more than it saves. */
const fewValues = 8;
/** The two words of the one NaN that stands for all. */
const nanWords = new Uint32Array(Float64Array.of(NaN).buffer);

/** Multipliers of the two lanes: those of MurmurHash3's x86 variants (Appleby, public domain). */
const lane1 = { first: 0xcc9e2d51, second: 0x1b873593, add: 0xe6546b64 } as const;
const lane2 = { first: 0x239b961b, second: 0xab0e9789, add: 0x561ccd1b } as const;

/** A hash under way. */
export interface HashMark {
  readonly first: number;
  readonly second: number;
  readonly words: number;
}

/**
 * A hash of 53 bits over numbers, texts and columns, in two lanes of MurmurHash3's steps. It tells contents
 * apart that differ by accident; whoever wants two contents of one hash can make them.
 */
export class ContentHash {
  #first = 0;
  #second = 0;
  #words = 0;

  begin(): void {
    this.#first = 0x2f6e2b1;
    this.#second = 0x7b3f1c5;
    this.#words = 0;
  }

  /** How far it is: `resume` goes on from there. */
  mark(): HashMark {
    return { first: this.#first, second: this.#second, words: this.#words };
  }

  resume({ first, second, words }: HashMark): void {
    this.#first = first;
    this.#second = second;
    this.#words = words;
  }

  /** One double; the two zeros differ, all NaN are one. */
  number(value: number): void {
    scratch[0] = Number.isNaN(value) ? NaN : value;
    this.word(scratchWords[0]!);
    this.word(scratchWords[1]!);
  }

  /** A text with its length, two UTF-16 units a word. */
  text(value: string): void {
    const { length } = value;
    this.word(length);
    for (let at = 0; at < length; at += 2) {
      this.word((value.charCodeAt(at) << 16) | (at + 1 < length ? value.charCodeAt(at + 1) : 0));
    }
  }

  /** All values of a column of doubles, with their number. */
  doubles(values: Float64Array): void {
    this.word(values.length);
    if (values.length > fewValues) this.#manyDoubles(values);
    else for (let index = 0; index < values.length; index++) this.number(values[index]!);
  }

  /** The same steps as `number` for each, with both lanes in locals. */
  #manyDoubles(values: Float64Array): void {
    const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
    let first = this.#first;
    let second = this.#second;
    for (let at = 0; at < words.length; at++) {
      const word = Number.isNaN(values[at >> 1]!) ? nanWords[at & 1]! : words[at]!;
      const one = Math.imul(word, lane1.first);
      first ^= Math.imul((one << 15) | (one >>> 17), lane1.second);
      first = (Math.imul((first << 13) | (first >>> 19), 5) + lane1.add) | 0;
      const two = Math.imul(word, lane2.first);
      second ^= Math.imul((two << 16) | (two >>> 16), lane2.second);
      second = (Math.imul((second << 17) | (second >>> 15), 5) + lane2.add + first) | 0;
    }
    this.#first = first;
    this.#second = second;
    this.#words += words.length;
  }

  /** All bytes, with their number. */
  bytes(values: Uint8Array): void {
    this.word(values.length);
    for (let index = 0; index < values.length; index++) this.word(values[index]!);
  }

  /** A whole number of 32 bits. */
  word(value: number): void {
    const one = Math.imul(value, lane1.first);
    const mixed = this.#first ^ Math.imul((one << 15) | (one >>> 17), lane1.second);
    this.#first = (Math.imul((mixed << 13) | (mixed >>> 19), 5) + lane1.add) | 0;
    const two = Math.imul(value, lane2.first);
    const mixed2 = this.#second ^ Math.imul((two << 16) | (two >>> 16), lane2.second);
    this.#second = (Math.imul((mixed2 << 17) | (mixed2 >>> 15), 5) + lane2.add + this.#first) | 0;
    this.#words += 1;
  }

  /** The hash of what was given since `begin`: 53 bits, a safe integer, never 0. */
  end(): number {
    const first = finish(this.#first ^ this.#words);
    const second = finish((this.#second ^ this.#words) + first);
    return (second >>> 11) * 0x1_0000_0000 + first || 1;
  }
}

/** MurmurHash3's last steps: every bit of the input reaches every bit of the output. */
function finish(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
