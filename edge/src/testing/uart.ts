/** Bits of a byte on the line: start, eight of data with the lowest first, stop (8N1). */
const bitsPerByte = 10;

/** The level of a line on which these bytes follow one another, at a time in bits of the sender; idle is 1. */
function levelAt(bytes: Uint8Array, bit: number): number {
  const index = Math.floor(bit / bitsPerByte);
  const byte = bytes[index];
  if (bit < 0 || byte === undefined) return 1;
  const place = Math.floor(bit) - index * bitsPerByte;
  if (place === 0) return 0;
  return place === bitsPerByte - 1 ? 1 : (byte >> (place - 1)) & 1;
}

/**
 * What a UART reads at one rate of bytes that were sent at another: it looks for the edge of a start bit, and samples each bit
 * in its middle. A byte without a stop bit comes as 0, as Linux gives it (termios: neither PARMRK nor IGNPAR).
 */
export function readAtBaud(
  bytes: Uint8Array,
  rates: { readonly sent: number; readonly read: number },
): Buffer {
  const step = rates.sent / rates.read;
  const endBit = bytes.length * bitsPerByte;
  const found: number[] = [];
  for (let bit = 0; bit < endBit;) {
    if (levelAt(bytes, bit) === 1) {
      bit = Math.floor(bit) + 1;
      continue;
    }
    let byte = 0;
    for (let place = 0; place < 8; place++) byte |= levelAt(bytes, bit + (place + 1.5) * step) << place;
    const hasStop = levelAt(bytes, bit + (bitsPerByte - 0.5) * step) === 1;
    found.push(hasStop ? byte : 0);
    bit += (bitsPerByte - 0.5) * step;
    // After a break the line has to be idle before another start is believed.
    while (!hasStop && bit < endBit && levelAt(bytes, bit) === 0) bit += step / 4;
  }
  return Buffer.from(found);
}
