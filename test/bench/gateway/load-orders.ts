import type { MessageKind } from './load-messages.ts';

/** One connection of the load. */
export interface LoadClient {
  readonly device: string;
  readonly password?: string;
}

/** What the load process sends, and how. */
export interface LoadOrder {
  readonly port: number;
  readonly kind: MessageKind;
  readonly clients: readonly LoadClient[];
  readonly messagesPerClient: number;
  /** Messages that each connection's device sent in earlier loads: these go on behind them. Default 0. */
  readonly messagesBefore?: number;
  readonly readingsPerMessage: number;
  /** Most messages of one connection that are not acknowledged. */
  readonly windowMessages: number;
  /** Messages a second of all connections together; undefined: as fast as they are acknowledged. */
  readonly perSec?: number;
  /** So long after its begin it reports what has been acknowledged until then, milliseconds; absent: when all is. */
  readonly giveUpMs?: number;
}

/** What became of it. Times are `performance.timeOrigin + performance.now()`, milliseconds. */
export interface LoadReport {
  readonly acknowledged: number;
  readonly startedAtMs: number;
  /** When the last acknowledgement came. */
  readonly endedAtMs: number;
  /** From the write of a message to its acknowledgement, milliseconds, in order of acknowledgement. */
  readonly acknowledgeMs: readonly number[];
  /** When message `index + 1` of the first connection was written; of one that was not, 0. */
  readonly firstClientSentAtMs: readonly number[];
  /** Connections that ended before all was acknowledged. */
  readonly lostConnections: number;
}

/** Between the benchmark and its load process. */
export type LoadMessage =
  | { readonly type: 'order'; readonly order: LoadOrder }
  | { readonly type: 'ready' }
  | { readonly type: 'go' }
  | { readonly type: 'report'; readonly report: LoadReport };
