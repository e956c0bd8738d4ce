/** Kinds of messages (RFC 6455, 5.2). */
const opcodes = { text: 0x1, binary: 0x2 } as const;

/** The highest bit of the first byte: the message ends with this frame. */
const fin = 0x80;

/** In place of a length: it follows in two, or in eight bytes. */
const long = { in2Bytes: 126, in8Bytes: 127 } as const;

/**
 * A whole message as a server sends it, unmasked, in one frame (RFC 6455, 5.2): made once, and written to the sockets of all
 * who get the same.
 */
export function websocketFrame(kind: keyof typeof opcodes, payload: Uint8Array): Buffer {
  const { length } = payload;
  const marker = length < long.in2Bytes ? length : length < 65_536 ? long.in2Bytes : long.in8Bytes;
  const headerBytes = headerBytesOf(marker);
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = fin | opcodes[kind];
  frame[1] = marker;
  if (marker === long.in2Bytes) frame.writeUInt16BE(length, 2);
  else if (marker === long.in8Bytes) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, headerBytes);
  return frame;
}

/** What `websocketFrame` was given; no copy. */
export function messagePayload(frame: Buffer): Uint8Array {
  return frame.subarray(headerBytesOf(frame[1]!));
}

function headerBytesOf(marker: number): number {
  return marker === long.in2Bytes ? 4 : marker === long.in8Bytes ? 10 : 2;
}

/** A message of JSON. */
export function textFrame(json: string): Buffer {
  return websocketFrame('text', Buffer.from(json));
}
