import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { eventually } from '../../services/wait.ts';

/** How long a store may take to have what was acknowledged. */
const settleMs = 120_000;

/** One database of an InfluxDB 1.x, asked and written without any client library. */
export class InfluxDatabase {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly name: string;

  constructor(url: string, name: string) {
    this.#url = url;
    this.name = name;
  }

  async create(): Promise<void> {
    await this.#ask(`CREATE DATABASE "${this.name}"`);
  }

  async drop(): Promise<void> {
    await this.#ask(`DROP DATABASE "${this.name}"`);
  }

  /** Points of a field, all series together. */
  async count(measurement: string, field: string): Promise<number> {
    return this.#number(`SELECT count("${field}") FROM "${measurement}"`);
  }

  /** The newest value of a field of one device; NaN where there is none. */
  async newest(measurement: string, field: string, device: string): Promise<number> {
    return this.#number(`SELECT last("${field}") FROM "${measurement}" WHERE "device" = '${device}'`);
  }

  /** Asks, and answers how many rows came, all series together. Throws what InfluxDB says where it does not answer. */
  async rows(statement: string): Promise<number> {
    const { results = [] } = (await this.#ask(statement)) as {
      results?: { error?: string; series?: { values: unknown[][] }[] }[];
    };
    const [{ error, series = [] } = {}] = results;
    if (error !== undefined) throw new Error(error);
    return series.reduce((sum, { values }) => sum + values.length, 0);
  }

  /** Resolves with the time (as in `LoadReport`) at which `count` points were first seen. Throws when they never are. */
  async untilCounted(measurement: string, field: string, count: number): Promise<number> {
    await eventually(
      `${count} points in ${this.name}`,
      async () => ((await this.count(measurement, field)) >= count ? true : undefined),
      settleMs,
    );
    return performance.timeOrigin + performance.now();
  }

  /** Writes lines with times in microseconds. Throws unless all of them are stored. */
  async write(lines: Buffer<ArrayBuffer>): Promise<void> {
    const address = `${this.#url}/write?db=${this.name}&precision=u`;
    const response = await fetch(address, { method: 'POST', body: lines });
    if (response.status !== 204) throw new Error(`HTTP ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  }

  async #number(statement: string): Promise<number> {
    const answer = (await this.#ask(statement)) as {
      results?: { series?: { values?: unknown[][] }[] }[];
    };
    const value = answer.results?.[0]?.series?.[0]?.values?.[0]?.[1];
    return value === undefined || value === null ? NaN : Number(value);
  }

  /** Not by `fetch`, which takes three times the processor time: who is measured has to share it with this. */
  async #ask(statement: string): Promise<unknown> {
    const query = new URLSearchParams({ q: statement, db: this.name }).toString();
    const question = request(`${this.#url}/query?${query}`, { method: 'POST', agent: this.#agent }).end();
    const [answer] = (await once(question, 'response')) as [IncomingMessage];
    return json(answer);
  }
}
