/**
 * What a start has opened, to be closed in the opposite order: all of it, even where one step fails, and
 * once, however often it is called.
 */
export class Teardown {
  readonly #steps: { readonly name: string; readonly close: () => void | Promise<void> }[] = [];
  #running: Promise<void> | undefined;

  add(name: string, close: () => void | Promise<void>): void {
    this.#steps.push({ name, close });
  }

  /** Rejects with AggregateError, after the last step, where steps failed. */
  run(): Promise<void> {
    this.#running ??= this.#close();
    return this.#running;
  }

  async #close(): Promise<void> {
    const failures: Error[] = [];
    for (const { name, close } of this.#steps.toReversed()) {
      try {
        await close();
      } catch (cause) {
        failures.push(new Error(`${name} did not close`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'the gateway did not stop cleanly');
  }
}
