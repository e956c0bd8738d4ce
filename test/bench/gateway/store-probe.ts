import type { InfluxDatabase } from './influx-database.ts';

/** Pause between two questions: a question takes a few milliseconds itself. */
const pauseMs = 2;

/** Asks a database for the newest value of one device, again and again, and notes when it first had each. */
export class StoreProbe {
  readonly #database: InfluxDatabase;
  readonly #device: string;
  readonly #seen: { value: number; atMs: number }[] = [];
  readonly #running: Promise<void>;
  #isOver = false;

  private constructor(database: InfluxDatabase, device: string) {
    this.#database = database;
    this.#device = device;
    this.#running = this.#run();
  }

  static start(database: InfluxDatabase, device: string): StoreProbe {
    return new StoreProbe(database, device);
  }

  /** Resolves once `value` or a newer one was seen, or `withinMs` later. */
  async untilSeen(value: number, withinMs: number): Promise<void> {
    const endMs = performance.now() + withinMs;
    while ((this.#seen.at(-1)?.value ?? -1) < value && performance.now() < endMs)
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }

  /** What was seen, after one more look. */
  async stop(): Promise<readonly { readonly value: number; readonly atMs: number }[]> {
    this.#isOver = true;
    await this.#running;
    return this.#seen;
  }

  async #run(): Promise<void> {
    for (let isLast = false; !isLast;) {
      isLast = this.#isOver;
      const value = await this.#database.newest('thermometer', 'temperature', this.#device).catch(() => NaN);
      const before = this.#seen.at(-1)?.value ?? -1;
      if (value > before) this.#seen.push({ value, atMs: performance.timeOrigin + performance.now() });
      if (!isLast) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
