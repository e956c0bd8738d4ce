import { FieldlineError, type LiveMessage } from '@fieldline/protocol';
import { WebSocket } from 'ws';

/** What to follow, and who hears of it. */
export interface LiveFeedOptions {
  readonly url: string;
  /** Say who asks. */
  readonly headers: Readonly<Record<string, string>>;
  /** Stream patterns, `*` for all. */
  readonly streams: readonly string[];
  readonly onMessage: (message: LiveMessage) => void;
  /** Called once when the connection has ended, with what was wrong, if anything. */
  readonly onEnd: (error: FieldlineError | undefined) => void;
}

/** Follows `WS /api/v1/live` until it ends or the returned function closes it. */
export function openLiveFeed(options: LiveFeedOptions): () => void {
  const socket = new WebSocket(options.url, { headers: options.headers });
  let failure: unknown;
  socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', streams: options.streams })));
  socket.on('message', (data: Buffer) => options.onMessage(JSON.parse(data.toString()) as LiveMessage));
  socket.on('error', (error) => (failure = error));
  socket.on('close', () =>
    options.onEnd(
      failure === undefined
        ? undefined
        : new FieldlineError('CLI_GATEWAY_UNREACHABLE', { subject: options.url, cause: failure }),
    ),
  );
  return () => socket.close();
}
