import { streamName } from '@fieldline/protocol';
import { identifier, literal } from '../influxql.ts';
import type { InfluxQueries, Series } from '../influx-queries.ts';
import type { CatalogEntry } from '../stream-catalog.ts';
import { hourUs, influxGrains, type InfluxGrain } from './grains.ts';

/** One stream under the measurement that its rollups are written to. */
export type RolledStream = Pick<CatalogEntry, 'device' | 'sensor' | 'quantity' | 'type'>;

/** By the length of a rollup: what each of its windows counts, by its start in µs. */
export type CountsBefore = ReadonlyMap<InfluxGrain['name'], ReadonlyMap<number, number>>;

const nothing: CountsBefore = new Map();

/**
 * What rollups held before an hour is rolled up. A window that counts more readings than there are now is all that is left of them, because
 * what the sink knew of their retirement was lost: it is not replaced. An hour behind all that a stream has rolled up costs no question.
 */
export class RolledBefore {
  readonly #queries: InfluxQueries;
  /** By stream: where its newest rollup begins. */
  readonly #newestUs = new Map<string, number>();

  constructor(queries: InfluxQueries) {
    this.#queries = queries;
  }

  /** What the rollups of one hour count; empty where it has none. Rejects as `ask` does. */
  async countsOf(stream: RolledStream, startUs: number): Promise<CountsBefore> {
    const name = nameOf(stream);
    const newestUs = this.#newestUs.get(name) ?? (await this.#newest(stream));
    this.#newestUs.set(name, newestUs);
    if (startUs > newestUs) return nothing;
    const within = `time >= ${startUs}u AND time < ${startUs + hourUs}u`;
    const answers = await this.#ask(stream, (count, from) => `SELECT ${count} FROM ${from} AND ${within}`);
    return new Map(
      influxGrains.map((grain, index) => [
        grain.name,
        new Map(rowsOf(answers[index]).map(([timeUs, count]) => [Number(timeUs), Number(count)])),
      ]),
    );
  }

  /** The hour is rolled up. */
  rolled(stream: RolledStream, startUs: number): void {
    const name = nameOf(stream);
    this.#newestUs.set(name, Math.max(startUs, this.#newestUs.get(name) ?? -Infinity));
  }

  /** Where the newest hour begins that any rollup has something of; -Infinity where there is none. */
  async #newest(stream: RolledStream): Promise<number> {
    const answers = await this.#ask(stream, (count, from) => `SELECT last(${count}) FROM ${from}`);
    const timesUs = answers.flatMap(rowsOf).map(([timeUs]) => Number(timeUs));
    return Math.max(-Infinity, ...timesUs);
  }

  async #ask(
    { device, sensor, quantity, type }: RolledStream,
    statement: (count: string, from: string) => string,
  ): Promise<Series[][]> {
    const of = `"device" = ${literal(device)} AND "sensor" = ${literal(sensor)}`;
    const from = (policy: string): string => `${identifier(policy)}.${identifier(type)} WHERE ${of}`;
    const count = identifier(`${quantity}_count`);
    return await this.#queries.ask(...influxGrains.map(({ policy }) => statement(count, from(policy))));
  }
}

function nameOf({ device, sensor, quantity, type }: RolledStream): string {
  return `${streamName(device, sensor, quantity)} ${type}`;
}

function rowsOf(answer: readonly Series[] = []): Series['values'][number][] {
  return answer.flatMap(({ values }) => values);
}
