/** Start bit, eight data bits, stop bit. */
const BITS_A_BYTE = 10;

/**
 * What a UART set to `readerBaud` receives of bytes sent at `senderBaud`, 8N1: the line's levels are laid out in
 * time, and the receiver looks at them in the middle of its own bits, from each falling edge on. A byte whose
 * stop bit is low (a framing error) is passed on as it was sampled, as Linux does by default.
 */
export function garble(bytes: Uint8Array, senderBaud: number, readerBaud: number): Uint8Array {
  const bitsSent = bytes.length * BITS_A_BYTE;
  const bitRatio = senderBaud / readerBaud;
  const received: number[] = [];
  let at = 0;
  while (at < bitsSent) {
    if (levelAt(bytes, at) === 1) {
      // The receiver notices the falling edge at once; edges stand at whole bits of the sender.
      at = Math.floor(at) + 1;
      continue;
    }
    received.push(sampleByte(bytes, at, bitRatio));
    at += bitRatio * (BITS_A_BYTE - 0.5);
  }
  return Uint8Array.from(received);
}

/** The byte that a receiver makes of the eight levels behind the start bit at `start` (in the sender's bits). */
function sampleByte(bytes: Uint8Array, start: number, bitRatio: number): number {
  let byte = 0;
  for (let bit = 0; bit < 8; bit += 1) byte |= levelAt(bytes, start + bitRatio * (bit + 1.5)) << bit;
  return byte;
}

/** The level of the line at `at` sender's bits after the first start bit: 1 is idle. */
function levelAt(bytes: Uint8Array, at: number): 0 | 1 {
  const bit = Math.floor(at);
  const byte = bytes[Math.floor(bit / BITS_A_BYTE)];
  const place = bit % BITS_A_BYTE;
  if (byte === undefined || place === BITS_A_BYTE - 1) return 1;
  if (place === 0) return 0;
  return (byte >> (place - 1)) & 1 ? 1 : 0;
}
