/** The operating system's name of an error (`ENOSPC`), or undefined for any other error. */
export function errorCodeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}

/** What an error says, for the detail of one of ours. */
export function describeCause(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
