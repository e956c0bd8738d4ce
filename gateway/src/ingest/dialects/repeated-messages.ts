import { createHash } from 'node:crypto';

/** Messages of one account that are remembered: more than any client has in flight. */
const rememberedMax = 1000;

/** A PUBLISH of QoS 1 or 2. */
export interface NumberedMessage {
  readonly packetId: number;
  readonly topic: string;
  readonly payload: Uint8Array;
}

/**
 * Recognises a message that is sent again because its acknowledgement was lost: MQTT marks it (DUP), and it has the
 * same packet id, topic and payload as one that was taken (MQTT 3.1.1, section 3.3.1.1). Messages of dialects have
 * no other name.
 */
export class RepeatedMessages {
  readonly #taken = new Map<string, Set<string>>();

  has(account: string, message: NumberedMessage): boolean {
    return this.#taken.get(account)?.has(keyOf(message)) ?? false;
  }

  add(account: string, message: NumberedMessage): void {
    const keys = this.#taken.get(account) ?? new Set<string>();
    this.#taken.set(account, keys);
    const key = keyOf(message);
    keys.delete(key);
    keys.add(key);
    if (keys.size <= rememberedMax) return;
    const oldest = keys.values().next();
    if (!oldest.done) keys.delete(oldest.value);
  }
}

function keyOf({ packetId, topic, payload }: NumberedMessage): string {
  const hash = createHash('sha256').update(`${packetId} ${topic.length} ${topic}`).update(payload);
  return hash.digest('base64url').slice(0, 22);
}
