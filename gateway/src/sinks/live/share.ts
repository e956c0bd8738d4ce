import type { LiveGap } from '@fieldline/protocol';
import type { SentDevice } from './frame-ring.ts';
import { frameJson } from './frame-json.ts';
import { rowsIn, selectFrame, type Frame } from './frame.ts';
import type { LiveEntry } from './live-entries.ts';
import { binaryMessage, type SentFrame } from './sent-frame.ts';
import type { Subscription } from './subscription.ts';
import { textFrame } from './websocket-frame.ts';

/** What is sent at one time: devices that changed, and what came of readings, windows and gaps. */
export interface Sending {
  readonly devices: readonly SentDevice[];
  readonly frame?: Frame | undefined;
  /** The frame, where it is all of one that was given out: its message is made once. */
  readonly whole?: SentFrame | undefined;
}

/** What one subscription gets of what is sent, made at most once in each form. */
export class Share {
  readonly rows: number;
  readonly #sending: Sending;
  readonly #entries: readonly LiveEntry[];
  #binary: Buffer | undefined;
  #json: Buffer | undefined;

  constructor(sending: Sending, entries: readonly LiveEntry[]) {
    this.#sending = sending;
    this.#entries = entries;
    this.rows = sending.frame ? rowsIn(sending.frame) : 0;
  }

  /** Whole messages, in the form that a viewer takes. */
  bytes(isBinary: boolean): Buffer {
    if (isBinary)
      return (this.#binary ??= this.#join((frame) => this.#sending.whole?.message() ?? binaryMessage(frame)));
    return (this.#json ??= this.#join((frame) => textFrame(frameJson(frame, this.#entries))));
  }

  #join(make: (frame: Frame) => Buffer): Buffer {
    const { devices, frame } = this.#sending;
    const messages = devices.map(({ seq, device }) =>
      textFrame(JSON.stringify({ type: 'device', seq, device })),
    );
    if (frame) messages.push(make(frame));
    const [only] = messages;
    return messages.length === 1 && only ? only : Buffer.concat(messages);
  }
}

/** What of this a subscription gets; undefined where nothing is for it. `entries`: by number. */
export function shareOf(
  sending: Sending,
  subscription: Subscription,
  entries: readonly LiveEntry[],
): Share | undefined {
  const { patterns } = subscription;
  const devices = sending.devices.filter(({ device }) => patterns.matchesPrefix(device.id));
  const frame = sending.frame && partOf(sending.frame, subscription, entries);
  if (!frame && devices.length === 0) return undefined;
  const whole = frame === sending.frame ? sending.whole : undefined;
  return new Share({ devices, frame, whole }, entries);
}

function partOf(frame: Frame, subscription: Subscription, entries: readonly LiveEntry[]): Frame | undefined {
  const { patterns } = subscription;
  if (patterns.matchesAll && rowsIn(frame) + frame.gaps.length > 0) return frame;
  return selectFrame(frame, {
    stream: (id) => subscription.wants(entries[id]!),
    gap: ({ device, sensor }: LiveGap) => patterns.matchesPrefix(device, sensor),
  });
}
