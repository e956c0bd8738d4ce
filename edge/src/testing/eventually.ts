/** How often a condition is looked at, in milliseconds. */
const lookEveryMs = 10;

/** Waits until `look` answers something, at most `withinMs`; for events that no callback tells of. */
export async function eventually<Value>(
  look: () => Value | undefined | false,
  withinMs = 15_000,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
