import { pino } from 'pino';

/** What the agent needs of a logger: that of pino, of which any logger of the same shape will do. */
export interface Logger {
  debug(about: object, message: string): void;
  info(about: object, message: string): void;
  warn(about: object, message: string): void;
  error(about: object, message: string): void;
}

/** Logs to stderr as JSON lines, so that stdout stays free for data. */
export function defaultLogger(): Logger {
  return pino(
    { name: 'fieldline-agent', level: process.env['FIELDLINE_LOG_LEVEL'] ?? 'info' },
    pino.destination(2),
  );
}

/** Logs nothing: for tests and for callers that do not want a log. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // On purpose.
}
