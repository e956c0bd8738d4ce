/** MQTT 3.1.1 packets as bytes, as far as a publishing client needs them. */

/** CONNECT (section 3.1): clean session, with a user name and password where there is one. */
export function connectPacket(client: {
  readonly clientId: string;
  readonly password?: string;
  /** Seconds; 0 turns it off. */
  readonly keepAliveSec?: number;
}): Buffer {
  const { clientId, password, keepAliveSec = 0 } = client;
  const flags = password === undefined ? 0x02 : 0xc2;
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, flags, keepAliveSec >> 8, keepAliveSec & 0xff]);
  const texts = password === undefined ? [clientId] : [clientId, clientId, password];
  const body = Buffer.concat([head, ...texts.map(text)]);
  return Buffer.concat([fixedHeader(0x10, body.length), body]);
}

/** PUBLISH with QoS 1 (section 3.3); `packetId` 1 to 65535. */
export function publishPacket(topic: string, packetId: number, payload: Uint8Array): Buffer {
  const id = Buffer.from([packetId >> 8, packetId & 0xff]);
  const body = Buffer.concat([text(topic), id, payload]);
  return Buffer.concat([fixedHeader(0x32, body.length), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** Type and flags, then the remaining length in bytes of seven bits (section 2.2.3). */
function fixedHeader(first: number, bodyBytes: number): Buffer {
  const bytes = [first];
  let left = bodyBytes;
  do {
    const more = left > 127 ? 0x80 : 0;
    bytes.push((left & 0x7f) | more);
    left >>>= 7;
  } while (left > 0);
  return Buffer.from(bytes);
}
