import { describe, expect, it } from 'vitest';
import { layOutScan, parseScanType, railsOf, rawReader, type ScanType } from './iio-scan-type.ts';

function typeOf(text: string): ScanType {
  const type = parseScanType(text);
  if (!type.ok) throw new Error(type.refusal.detail);
  return type.value;
}

const read = (text: string, bytes: number[]): number =>
  rawReader(typeOf(text))(new DataView(Uint8Array.from(bytes).buffer), 0);

describe('the packing of a scan element', () => {
  it.each([
    ['le:s12/16>>4', [0x00, 0x04], 64],
    ['le:s12/16>>4', [0xf0, 0xff], -1],
    ['le:s12/16>>4', [0x0f, 0x80], -2048],
    ['be:u12/16>>4\n', [0xff, 0xff], 4095],
    ['be:s16/16>>0', [0x80, 0x00], -32768],
    ['le:u16/16', [0x34, 0x12], 0x1234],
    ['le:u10/16', [0xff, 0xff], 1023],
    ['be:s24/32>>8', [0xff, 0xff, 0xfe, 0xaa], -2],
    ['be:u24/32>>8', [0xff, 0xff, 0xff, 0xaa], 16_777_215],
    ['le:s32/32>>0', [0xff, 0xff, 0xff, 0xff], -1],
    ['le:u32/32>>0', [0xff, 0xff, 0xff, 0xff], 4_294_967_295],
    ['le:s8/8>>0', [0x80], -128],
    ['le:s40/64>>8', [0xaa, 0xfe, 0xff, 0xff, 0xff, 0xff, 0, 0], -2],
    ['be:u48/64>>0', [0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 2 ** 48 - 1],
  ])('%s of %j is %d', (text, bytes, value) => expect(read(text, bytes)).toBe(value));

  it.each(['', 'xe:s12/16', 'le:s12/24', 'le:s0/16', 'le:s12/16>>8', 'le:s17/16'])('%j is refused', (text) =>
    expect(parseScanType(text)).toMatchObject({ ok: false, refusal: { code: 'SOURCE_IIO_UNREADABLE' } }),
  );

  it('tells the rails', () => {
    expect(railsOf(typeOf('le:s12/16>>4'))).toEqual({ low: -2048, high: 2047 });
    expect(railsOf(typeOf('be:u24/32>>8'))).toEqual({ low: 0, high: 2 ** 24 - 1 });
  });
});

describe('the layout of a scan', () => {
  const element = (index: number, text: string): { index: number; type: ScanType } => ({
    index,
    type: typeOf(text),
  });

  it('aligns each element to its own size and the whole to the largest', () => {
    const stamp = element(8, 'le:s64/64>>0');
    expect(layOutScan([element(0, 'le:s12/16>>4'), stamp])).toEqual({ offsets: [0, 8], scanBytes: 16 });
    expect(layOutScan([element(0, 'le:u8/8'), element(1, 'be:s24/32>>8'), element(2, 'le:s16/16')])).toEqual({
      offsets: [0, 4, 8],
      scanBytes: 12,
    });
  });

  it('goes by the index, not by the order in which channels are asked for', () => {
    expect(layOutScan([element(3, 'le:s16/16'), element(1, 'le:s16/16')]).offsets).toEqual([2, 0]);
  });

  it('counts repeated values', () => {
    expect(layOutScan([element(0, 'le:s16/16X3>>0'), element(1, 'le:s64/64')])).toEqual({
      offsets: [0, 8],
      scanBytes: 16,
    });
  });
});
