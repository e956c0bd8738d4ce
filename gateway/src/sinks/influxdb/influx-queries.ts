import { InfluxDB, type ISingleHostConfig } from 'influx';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { authorization, type InfluxAddress } from './influx-address.ts';

/** A statement may take this long; the server is told nothing of it (1.x cannot be), the request ends. */
const queryTimeoutMs = 30_000;

/** One series of an answer: rows of `columns`, times in µs. */
export interface Series {
  readonly name?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly (number | string | boolean | null)[])[];
}

const Answer = Type.Object({
  results: Type.Array(
    Type.Object({
      series: Type.Optional(Type.Array(Type.Object({ columns: Type.Array(Type.String()) }))),
      error: Type.Optional(Type.String()),
    }),
  ),
});

/**
 * The package would refuse every request for a while after one that failed ("No host available"). Pauses are the
 * runner's: it alone retries.
 */
const noPause = { getDelay: () => 0, next: () => noPause, reset: () => noPause };

/** Asks InfluxDB, through the package `influx`. Every method rejects where it does not answer. */
export class InfluxQueries {
  readonly #influx: InfluxDB;
  readonly #database: string;
  readonly #makesDatabase: boolean;

  constructor(address: InfluxAddress) {
    const { url, database } = address;
    const identity = authorization(address);
    const { protocol, hostname, port, pathname } = new URL(url);
    const secure = protocol === 'https:';
    this.#database = database;
    this.#makesDatabase = address.token === undefined;
    const options: ISingleHostConfig = {
      database,
      host: hostname.replaceAll(/^\[|\]$/g, ''),
      port: Number(port || (secure ? 443 : 80)),
      protocol: secure ? 'https' : 'http',
      path: pathname.replace(/\/$/, ''),
      ...(identity === undefined ? {} : { options: { headers: { authorization: identity } } }),
      pool: { requestTimeout: queryTimeoutMs, maxRetries: 0, backoff: noPause },
    };
    // Left out, the package would speak as `root` with the password `root`, over the header that is given to it.
    Reflect.set(options, 'username', null);
    this.#influx = new InfluxDB(options);
  }

  /** Whether the database is there. 2.x and 3.x do not say so by InfluxQL: it is expected, and a write tells where it is not. */
  async hasDatabase(): Promise<boolean> {
    return !this.#makesDatabase || (await this.#influx.getDatabaseNames()).includes(this.#database);
  }

  /** Creates the database; nothing happens where it is there, and on 2.x and 3.x, where InfluxQL makes none. */
  async createDatabase(): Promise<void> {
    if (this.#makesDatabase) await this.#influx.createDatabase(this.#database);
  }

  /** Runs statements together; answers the series of each, in order. */
  async ask(...statements: readonly string[]): Promise<Series[][]> {
    const raw: unknown = await this.#influx.queryRaw(statements.join('; '), {
      database: this.#database,
      precision: 'u',
    });
    if (!Value.Check(Answer, raw))
      throw new TypeError('InfluxDB answered in another shape than results and series.');
    return raw.results.map(({ series = [], error }) => {
      if (error !== undefined) throw new TypeError(`InfluxDB: ${error}`);
      // The shape of each row is InfluxDB's own; checking millions of cells would cost more than the query.
      return series as unknown as Series[];
    });
  }
}
