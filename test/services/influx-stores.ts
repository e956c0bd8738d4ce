import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SensorBlock } from '@fieldline/protocol';
import { afterEach, beforeEach, expect } from 'vitest';
import type { SeriesAnswer } from '../../gateway/src/query/store.ts';
import { InfluxStore, type InfluxStoreOptions } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import type { JournaledBatch } from '../../gateway/src/sinks/sink.ts';
import { Entries, readings, secondUs, startUs } from '../contract/store-batches.ts';

/** An hour in seconds. */
export const hourS = 3600;
/** An hour in microseconds. */
export const hourUs = hourS * secondUs;
/** For how long from `startUs` on there are readings, where a test does not say otherwise. */
export const hours = 6;
/** The stream of `airOver`. */
export const air = 'greenhouse-1/air/temperature';

/** `count` readings of the sensor `air`, evenly over `lengthS` seconds from `fromS` after `startUs` on; each value is its second. */
export function airOver(fromS: number, lengthS: number, count: number): SensorBlock {
  const rows = Array.from({ length: count }, (_, at) => {
    const second = fromS + (at * lengthS) / count;
    return [second, second] as const;
  });
  return readings('air', 'temperature', rows);
}

/** What a question is about, where not the sensor `air` in all hours. */
interface Asked {
  readonly fromUs?: number;
  readonly toUs?: number;
  readonly sensor?: string;
  readonly exact?: boolean;
}

/** The stores of InfluxDB that a test makes, with a folder and a journal of its own; what is asked of "the store" is asked of the newest. */
export class InfluxStores {
  /** Warnings, the oldest first. */
  readonly told: string[] = [];
  readonly logger = {
    info: (): void => undefined,
    warn: (_about: object, message: string): void => void this.told.push(message),
    error: (): void => undefined,
  };
  #directory = '';
  #entries = new Entries('greenhouse-1');
  readonly #made: InfluxStore[] = [];

  /** Folder of the state files. */
  get directory(): string {
    return this.#directory;
  }

  get store(): InfluxStore {
    const newest = this.#made.at(-1);
    if (!newest) throw new Error('no store has been made');
    return newest;
  }

  make(options: Pick<InfluxStoreOptions, 'address'> & Partial<InfluxStoreOptions>): InfluxStore {
    const store = new InfluxStore({ directory: this.#directory, logger: this.logger, ...options });
    this.#made.push(store);
    return store;
  }

  /** The next entry of the journal. */
  readonly entry = (...sensors: SensorBlock[]): JournaledBatch => this.#entries.next(...sensors);

  readonly write = async (...written: JournaledBatch[]): Promise<void> =>
    expect(await this.store.write(written)).toEqual({ kind: 'stored' });

  readonly counted = async (stream = air): Promise<number | undefined> =>
    new Map<string, number>(await this.store.counts()).get(stream);

  /** The temperature of a sensor with quantiles, in `points` points at the most; throws what the store refuses. */
  readonly ask = async (points: number, asked: Asked = {}): Promise<SeriesAnswer> => {
    const { fromUs = startUs, toUs = startUs + hours * hourUs, sensor = 'air', exact = false } = asked;
    const streams = [{ device: 'greenhouse-1', sensor, quantity: 'temperature' }];
    const answer = await this.store.query({ fromUs, toUs, streams, points, quantiles: true, exact });
    if (!answer.ok) throw new Error(answer.refusal.detail);
    return answer.value;
  };

  /** Before each test. */
  async begin(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'fieldline-influx-'));
    this.#entries = new Entries('greenhouse-1');
    this.told.length = 0;
  }

  /** After each test. */
  async end(): Promise<void> {
    for (const store of this.#made.splice(0)) await store.close();
    await rm(this.#directory, { recursive: true });
  }
}

/** Called within `describe`: what its tests make is closed and removed after each. */
export function influxStores(): InfluxStores {
  const stores = new InfluxStores();
  beforeEach(() => stores.begin());
  afterEach(() => stores.end());
  return stores;
}
