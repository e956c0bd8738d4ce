import type { ErrorCode } from '../errors/index.ts';

/** Thrown inside `codec/` only, from deep in a message; `decodeBatch` turns it into a refusal. */
export class WireProblem extends Error {
  override readonly name = 'WireProblem';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** The message has the wrong shape at `path`. */
export function invalid(path: string, what: string): WireProblem {
  return new WireProblem('BATCH_INVALID', `${path || 'the message'}: ${what}`);
}
