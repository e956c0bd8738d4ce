import { accepted, refused, type Result } from '@fieldline/protocol';

/** How one element of a scan is packed: a `*_type` file of `scan_elements` (kernel: iio/iio-buffers). */
export interface ScanType {
  readonly littleEndian: boolean;
  readonly signed: boolean;
  /** Bits that count, after the shift. */
  readonly bits: number;
  /** 8, 16, 32 or 64. */
  readonly storageBits: number;
  /** How far the value is shifted to the right first. */
  readonly shift: number;
  /** How often it stands there in a row; only the first is read. */
  readonly repeat: number;
}

/** An enabled element of a scan. */
export interface ScanElement {
  /** Its place among the others. */
  readonly index: number;
  readonly type: ScanType;
}

const typePattern = /^(be|le):([su])(\d+)\/(8|16|32|64)(?:X(\d+))?(?:>>(\d+))?$/;

/** Reads `[be|le]:[s|u]bits/storagebits[Xrepeat][>>shift]`, such as `le:s12/16>>4`. */
export function parseScanType(text: string): Result<ScanType> {
  const [, endian, sign, bits, storage, repeat, shift] = typePattern.exec(text.trim()) ?? [];
  const type: ScanType = {
    littleEndian: endian === 'le',
    signed: sign === 's',
    bits: Number(bits),
    storageBits: Number(storage),
    shift: Number(shift ?? 0),
    repeat: Math.max(1, Number(repeat ?? 1)),
  };
  const isSound = type.bits > 0 && type.bits + type.shift <= type.storageBits;
  return isSound ? accepted(type) : refused('SOURCE_IIO_UNREADABLE', `scan type "${text.trim()}"`);
}

/**
 * Where each element begins in a scan, in bytes, in the order given, and how long a scan is: elements stand in
 * the order of their index, each aligned to its own size, the whole to the largest (`iio_compute_scan_bytes`).
 */
export function layOutScan(elements: readonly ScanElement[]): { offsets: number[]; scanBytes: number } {
  const offsets = elements.map(() => 0);
  let at = 0;
  let largest = 1;
  const order = elements.map((_, place) => place).sort((a, b) => indexOf(a) - indexOf(b));
  for (const place of order) {
    const bytes = elementBytes(elements[place]);
    at = alignUp(at, bytes);
    offsets[place] = at;
    at += bytes;
    largest = Math.max(largest, bytes);
  }
  return { offsets, scanBytes: alignUp(at, largest) };

  function indexOf(place: number): number {
    return elements[place]?.index ?? 0;
  }
}

/** The smallest and the largest raw value: where a converter is saturated. */
export function railsOf({ signed, bits }: ScanType): { low: number; high: number } {
  return signed ? { low: -(2 ** (bits - 1)), high: 2 ** (bits - 1) - 1 } : { low: 0, high: 2 ** bits - 1 };
}

/** Reads the raw value of one element; exact up to 53 bits. */
export type RawReader = (view: DataView, at: number) => number;

/** A reader for elements of this type. */
export function rawReader(type: ScanType): RawReader {
  const { littleEndian, signed, bits, storageBits, shift } = type;
  if (storageBits === 64) {
    return (view, at) => {
      const shifted = view.getBigUint64(at, littleEndian) >> BigInt(shift);
      return Number(signed ? BigInt.asIntN(bits, shifted) : BigInt.asUintN(bits, shifted));
    };
  }
  const load = loaders[storageBits] ?? loaders[32]!;
  const unused = 32 - bits;
  return signed
    ? (view, at) => ((load(view, at, littleEndian) >>> shift) << unused) >> unused
    : (view, at) => ((load(view, at, littleEndian) >>> shift) << unused) >>> unused;
}

const loaders: Readonly<Record<number, (view: DataView, at: number, littleEndian: boolean) => number>> = {
  8: (view, at) => view.getUint8(at),
  16: (view, at, littleEndian) => view.getUint16(at, littleEndian),
  32: (view, at, littleEndian) => view.getUint32(at, littleEndian),
};

function elementBytes(element: ScanElement | undefined): number {
  return element === undefined ? 1 : (element.type.storageBits / 8) * element.type.repeat;
}

function alignUp(at: number, bytes: number): number {
  return Math.ceil(at / bytes) * bytes;
}
