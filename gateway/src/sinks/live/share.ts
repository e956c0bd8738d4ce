import type { LiveGap } from '@fieldline/protocol';
import { LiveFrameWriter } from '@fieldline/protocol/live';
import type { SentDevice } from './frame-ring.ts';
import { frameJson } from './frame-json.ts';
import { rowsIn, selectFrame, toLiveFrame, type Frame } from './frame.ts';
import type { LiveEntry } from './live-entries.ts';
import type { Subscription } from './subscription.ts';
import { textFrame, websocketFrame } from './websocket-frame.ts';

/** What is sent at one time: devices that changed, and what came of readings, windows and gaps. */
export interface Sending {
  readonly devices: readonly SentDevice[];
  readonly frame?: Frame | undefined;
  /** The message that tells all of the frame in binary, where it is made already. */
  readonly message?: Buffer | undefined;
}

const writer = new LiveFrameWriter();

/** The message that tells a frame in binary. */
export function binaryMessage(frame: Frame): Buffer {
  return websocketFrame('binary', writer.write(toLiveFrame(frame)));
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
      return (this.#binary ??= this.#join((frame) => this.#sending.message ?? binaryMessage(frame)));
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
  const message = frame === sending.frame ? sending.message : undefined;
  return new Share({ devices, frame, message }, entries);
}

function partOf(frame: Frame, subscription: Subscription, entries: readonly LiveEntry[]): Frame | undefined {
  const { patterns } = subscription;
  if (patterns.matchesAll && rowsIn(frame) + frame.gaps.length > 0) return frame;
  return selectFrame(frame, {
    stream: (id) => subscription.wants(entries[id]!),
    gap: ({ device, sensor }: LiveGap) => patterns.matchesPrefix(device, sensor),
  });
}
