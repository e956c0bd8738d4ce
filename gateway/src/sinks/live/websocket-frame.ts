/** Kinds of messages (RFC 6455, 5.2). */
const opcodes = { text: 0x1, binary: 0x2 } as const;

/** The highest bit of the first byte: the message ends with this frame. */
const fin = 0x80;

/**
 * A whole message as a server sends it, unmasked, in one frame (RFC 6455, 5.2): made once, and written to the sockets of all
 * who get the same.
 */
export function websocketFrame(kind: keyof typeof opcodes, payload: Uint8Array): Buffer {
  const { length } = payload;
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = fin | opcodes[kind];
  if (headerBytes === 2) frame[1] = length;
  else if (headerBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(payload, headerBytes);
  return frame;
}

/** A message of JSON. */
export function textFrame(json: string): Buffer {
  return websocketFrame('text', Buffer.from(json));
}
