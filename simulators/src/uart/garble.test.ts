import { expect, test } from 'vitest';
import { garble } from './garble.ts';

test('at the same rate every byte arrives', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  expect(garble(bytes, 9600, 9600)).toEqual(bytes);
});

test('a clock that is 3 % off still reads right, as a UART does', () => {
  const text = Buffer.from('23.41\r\n');
  expect(Buffer.from(garble(text, 9600, 9888))).toEqual(text);
});

test('a reader twice as fast sees two bytes where one was sent, a slower one fewer', () => {
  const text = Buffer.from('23.41\r\n23.42\r\n');
  expect(garble(text, 4800, 9600).length).toBeGreaterThan(text.length);
  expect(garble(text, 9600, 4800).length).toBeLessThan(text.length);
  expect(Buffer.from(garble(text, 9600, 4800)).toString('latin1')).not.toContain('23.4');
});

test('one byte at twice the rate, by hand', () => {
  // 0x55 is 0 1010 1010 1 on the line. Read from the edge on at 0.75, 1.25 … 4.25 bits: 0110 0110; the line is
  // low at the stop bit (4.75), which counts as the next start: 5.5, 6, 6.5 … 9 give 1001 1001.
  expect([...garble(Uint8Array.of(0x55), 9600, 19200)]).toEqual([0x66, 0x99]);
});
