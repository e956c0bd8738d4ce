/** How often `eventually` looks again, in milliseconds. */
const lookEveryMs = 100;

/**
 * Waits for an event that no callback tells of (the state of another process): asks `look` until it answers
 * something else than undefined. Errors of `look` count as "not yet". Throws after `withinMs`, with the last error.
 */
export async function eventually<Value>(
  what: string,
  look: () => Promise<Value | undefined> | Value | undefined,
  withinMs = 30_000,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  let lastError: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await look();
      if (value !== undefined) return value;
    } catch (error) {
      lastError = error;
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  throw new Error(`waited ${withinMs} ms for ${what}`, { cause: lastError });
}
