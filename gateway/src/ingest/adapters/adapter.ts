import type { Result } from '@fieldline/protocol';

/** One message of a device that speaks a dialect. */
export interface DialectMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Names that the pattern took out of the topic: `{device}`, `{sensor}`, … */
  readonly names: Readonly<Record<string, string>>;
  /** When it arrived, microseconds UTC: the time of readings that tell none. */
  readonly receivedAtUs: number;
}

/** One value of a message, under the names that the message gives it: they are made safe afterwards. */
export interface DialectReading {
  /** Names for the templates of the configuration, beside those of the topic: `{measurement}`, `{tag.host}`, … */
  readonly names: Readonly<Record<string, string>>;
  readonly quantity: string;
  /** Sensor, where the configuration names one for this value alone. */
  readonly sensor?: string | undefined;
  /** Unit, where the message or the configuration of this value tells it. */
  readonly unit?: string | undefined;
  /** Microseconds UTC. */
  readonly timeUs: number;
  /** Finite; undefined where something stands there that is no number: it is counted as refused. */
  readonly value: number | undefined;
}

/** Something to be sent to the device because of a message. */
export interface DialectReply {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** What a message says. */
export interface DialectContent {
  readonly readings: readonly DialectReading[];
  /** Readings that were measured earlier and held back: they go by the lane of a backlog. */
  readonly isHistorical?: boolean;
  readonly reply?: DialectReply | undefined;
}

/**
 * Reads the messages of one dialect. One adapter an account: it may remember what earlier messages said (births,
 * aliases). Called once a message, in the order in which they arrive, with whatever a peer sent.
 */
export interface Adapter {
  /** The values of a message; refused as DIALECT_UNREADABLE with what was found. Never throws. */
  read(message: DialectMessage): Result<DialectContent>;
  /** Topics on which this dialect answers its devices: what the account may subscribe to and receive. */
  isReplyTopic?(topic: string): boolean;
}
