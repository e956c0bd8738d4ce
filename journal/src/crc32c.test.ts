import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';

/** RFC 3720 appendix B.4, and the check value of the CRC catalogue. */
const vectors: readonly (readonly [string, Uint8Array, number])[] = [
  ['32 bytes of zeroes', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 incrementing bytes', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['32 decrementing bytes', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  [
    'an iSCSI SCSI Read (10) command PDU',
    Uint8Array.from(
      Buffer.from(
        '01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000',
        'hex',
      ),
    ),
    0xd9963a56,
  ],
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(0), 0],
];

describe('crc32c', () => {
  for (const [name, bytes, expected] of vectors) {
    it(`is right for ${name}`, () => expect(crc32c(bytes)).toBe(expected));
  }

  it('runs over several pieces, wherever they are split', () => {
    const bytes = Uint8Array.from({ length: 61 }, (_, i) => (i * 73) & 0xff);
    const whole = crc32c(bytes);
    for (let split = 0; split <= bytes.length; split += 1) {
      expect(crc32c(bytes, split, bytes.length, crc32c(bytes, 0, split))).toBe(whole);
    }
  });
});
