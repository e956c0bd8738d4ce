import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a store of InfluxDB needs around it in a test: a folder and a database of its own, and timers that come when the test says so. */
export class InfluxSurroundings {
  readonly directory: string;
  readonly database: string;
  /** Warnings, the oldest first. */
  readonly told: string[] = [];
  readonly logger = {
    info: (): void => undefined,
    warn: (_about: object, message: string): void => void this.told.push(message),
    error: (): void => undefined,
  };
  readonly #influxUrl: string;
  #timers: (() => void)[] = [];

  private constructor(directory: string, database: string, influxUrl: string) {
    this.directory = directory;
    this.database = database;
    this.#influxUrl = influxUrl;
  }

  /** `database` must be new; the caller calls `remove`. */
  static async make(database: string, influxUrl: string): Promise<InfluxSurroundings> {
    return new InfluxSurroundings(await mkdtemp(join(tmpdir(), 'fieldline-influx-')), database, influxUrl);
  }

  /** What the next store is made with; from then on its timers are those that come. */
  options() {
    const timers: (() => void)[] = [];
    this.#timers = timers;
    const repeat = (_everyMs: number, work: () => void): (() => void) => {
      timers.push(work);
      return () => void timers.splice(0);
    };
    return { directory: this.directory, logger: this.logger, repeat };
  }

  /** The timer of the rollups comes. */
  tick(): void {
    this.#timers[0]?.();
  }

  /** Asks InfluxDB as any client would, without our code; times are in microseconds. */
  async influxql<Series = { values: unknown[][] }>(q: string): Promise<Series[]> {
    const query = new URLSearchParams({ db: this.database, epoch: 'u', q }).toString();
    const answer = await fetch(`${this.#influxUrl}/query?${query}`, { method: 'POST' });
    const { results } = JSON.parse(await answer.text()) as { results: { series?: Series[] }[] };
    return results[0]?.series ?? [];
  }

  /** The first value of an answer, behind its time; 0 where there is none. */
  async number(q: string): Promise<number> {
    return Number((await this.influxql(q))[0]?.values[0]?.[1] ?? 0);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}
