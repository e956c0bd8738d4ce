import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { InfluxStore, InfluxStoreOptions } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import { startUs } from '../contract/store-batches.ts';
import { InfluxFront } from './influx-front.ts';
import { hours, hourUs, InfluxStores } from './influx-stores.ts';
import { startInfluxd, type Influxd, type InfluxdOptions } from './influxd.ts';
import { eventually } from './wait.ts';

/** Readings are kept for two hours, rollups for ever. */
export const keepUs = { readings: 2 * hourUs, '1m': Infinity, '1h': Infinity };

/**
 * Stores on one InfluxDB, which each test has a database of its own in, and which they reach through a front. Their clock
 * stands where `hours` end, and their timers come when the test says so.
 */
export class InfluxRig extends InfluxStores {
  /** Wall clock of the stores, µs UTC. */
  nowUs = startUs;
  readonly #name: string;
  #runs = 0;
  #influxd: Influxd | undefined;
  #front: InfluxFront | undefined;
  #timers: (() => void)[] = [];

  /** `name`: how the names of the databases begin. */
  constructor(name: string) {
    super();
    this.#name = name;
  }

  get database(): string {
    return `${this.#name}_${this.#runs}`;
  }

  get influxd(): Influxd {
    if (!this.#influxd) throw new Error('InfluxDB has not been started');
    return this.#influxd;
  }

  get front(): InfluxFront {
    if (!this.#front) throw new Error('no test has begun');
    return this.#front;
  }

  /** From then on the timers of this one come. */
  override make(options: Partial<InfluxStoreOptions> = {}): InfluxStore {
    const timers: (() => void)[] = [];
    this.#timers = timers;
    const repeat = (_everyMs: number, work: () => void): (() => void) => {
      timers.push(work);
      return () => void timers.splice(0);
    };
    const address = { url: this.front.url, database: this.database };
    return super.make({ address, repeat, nowUs: () => this.nowUs, ...options });
  }

  /** `journalEnd`: the offset behind what may have been written before. */
  async open(options: Partial<InfluxStoreOptions> = {}, journalEnd = 0): Promise<InfluxStore> {
    const opened = this.make(options);
    expect(await opened.open(journalEnd)).toMatchObject({ kind: 'ready' });
    return opened;
  }

  /** What the timer of the rollups calls; undefined while the store wants nothing. */
  get rollTimer(): (() => void) | undefined {
    return this.#timers[0];
  }

  /** Asks InfluxDB as any client would, without our code; times are in microseconds. */
  readonly influxql = async <Series = { values: unknown[][] }>(q: string): Promise<Series[]> => {
    const query = new URLSearchParams({ db: this.database, epoch: 'u', q }).toString();
    const answer = await fetch(`${this.influxd.url}/query?${query}`, { method: 'POST' });
    const { results } = JSON.parse(await answer.text()) as { results: { series?: Series[] }[] };
    return results[0]?.series ?? [];
  };

  /** The first value of an answer, behind its time; 0 where there is none. */
  readonly number = async (q: string): Promise<number> =>
    Number((await this.influxql(q))[0]?.values[0]?.[1] ?? 0);

  /** Writes a line as any client would. */
  readonly post = async (line: string): Promise<void> => {
    const url = `${this.influxd.url}/write?db=${this.database}&precision=u`;
    expect((await fetch(url, { method: 'POST', body: line })).status).toBe(204);
  };

  /** How many readings of `air` InfluxDB has. */
  readonly points = (): Promise<number> =>
    this.number(`SELECT count(temperature) FROM thermometer WHERE sensor = 'air' AND "window" = ''`);

  /** Lets the timer of the rollups come until so many hours are rolled up. */
  readonly untilRolled = (count: number, sensor = 'air'): Promise<true> =>
    eventually(`${count} hours`, async () => {
      this.rollTimer?.();
      const q = `SELECT count(temperature_count) FROM fieldline_1h.thermometer WHERE sensor = '${sensor}'`;
      return (await this.number(q)) >= count ? true : undefined;
    });

  /** Retires until so many `points` are left. */
  readonly untilLeft = (count: number): Promise<true> =>
    eventually(`${count} points`, async () => {
      this.rollTimer?.();
      await this.store.retire();
      return (await this.points()) === count ? true : undefined;
    });

  /** Path of the state file. */
  readonly statePath = async (): Promise<string> => {
    const [name = ''] = (await readdir(this.directory)).filter((each) => each.endsWith('.json'));
    return join(this.directory, name);
  };

  /** Before all tests. */
  async start(options: InfluxdOptions): Promise<void> {
    this.#influxd = await startInfluxd(options);
  }

  override async begin(): Promise<void> {
    await super.begin();
    this.#runs += 1;
    this.nowUs = startUs + hours * hourUs;
    this.#front = new InfluxFront(this.influxd.url);
    await this.#front.start();
  }

  /** The front stands until the stores are closed: they save what they know of InfluxDB. */
  override async end(): Promise<void> {
    this.front.cuts = undefined;
    await super.end();
    await this.front.stop();
  }
}

/** Called within `describe`: starts InfluxDB for its tests, and before each what `InfluxRig` says. */
export function influxRig(name: string, options: InfluxdOptions = {}): InfluxRig {
  const rig = new InfluxRig(name);
  beforeAll(() => rig.start(options));
  afterAll(() => rig.influxd.remove());
  beforeEach(() => rig.begin());
  afterEach(() => rig.end());
  return rig;
}
