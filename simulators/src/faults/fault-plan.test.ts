import { expect, test } from 'vitest';
import { seededRandom } from '../random/seeded-random.ts';
import { noise, parseFaults, pieces } from './fault-plan.ts';

test('kinds with and without a rate', () => {
  expect(parseFaults('dropout:0.5, split')).toEqual({ dropout: 0.5, garbage: 0, split: 0.2, unplug: 0 });
});

test.each(['smoke', 'dropout:2', 'garbage:x', ''])('%j is refused by name', (text) => {
  expect(() => parseFaults(text)).toThrow(/SIMULATOR_BAD_OPTION/);
});

test('pieces put together are the frame, none of them empty', () => {
  const random = seededRandom(3);
  for (let length = 1; length < 40; length += 1) {
    const frame = Uint8Array.from({ length }, (_, index) => index);
    const parts = pieces(frame, random);
    expect(Buffer.concat(parts)).toEqual(Buffer.from(frame));
    expect(parts.every((part) => part.length > 0)).toBe(true);
  }
});

test('noise holds no byte that ends or makes a line, a sentence or a packet', () => {
  expect(noise(seededRandom(1), 5000).every((byte) => byte >= 0x80 && byte < 0xff)).toBe(true);
});
