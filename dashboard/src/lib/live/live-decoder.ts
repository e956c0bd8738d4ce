import type { LiveMessage, LiveStreams } from '@fieldline/protocol';
import { decodeLiveFrame, LiveTable } from '@fieldline/protocol/live';
import { parseLiveMessage } from './live-message.ts';

/** Makes messages of what the live socket brings: JSON, and frames of bytes whose numbers it has learnt before. */
export class LiveDecoder {
  readonly #table = new LiveTable();
  #session: string | undefined;

  /** Undefined where it is nothing to show: names for numbers, or what a newer gateway may send. */
  decode(data: unknown): LiveMessage | undefined {
    if (data instanceof ArrayBuffer) return this.#decodeFrame(new Uint8Array(data));
    if (typeof data !== 'string') return undefined;
    const message = parseLiveMessage(data);
    if (message?.type === 'snapshot' && message.session !== this.#session) {
      this.#table.clear();
      this.#session = message.session;
    }
    if (!message) this.#learn(data);
    return message;
  }

  #decodeFrame(bytes: Uint8Array): LiveMessage | undefined {
    const frame = decodeLiveFrame(bytes);
    return frame.ok ? this.#table.message(frame.value) : undefined;
  }

  #learn(text: string): void {
    try {
      const value: unknown = JSON.parse(text);
      if (isStreams(value)) this.#table.learn(value);
    } catch {
      // Not JSON: nothing of ours.
    }
  }
}

function isStreams(value: unknown): value is LiveStreams {
  if (typeof value !== 'object' || value === null) return false;
  return Reflect.get(value, 'type') === 'streams' && Array.isArray(Reflect.get(value, 'ids'));
}
