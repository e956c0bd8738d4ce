import { Buffer } from 'node:buffer';
import { streamName } from '@fieldline/protocol';
import type { SinkFailure } from '../../sink.ts';
import type { InfluxHttp } from '../influx-http.ts';
import type { InfluxQueries } from '../influx-queries.ts';
import { PointSource, TooManyRows } from '../point-source.ts';
import type { CatalogEntry } from '../stream-catalog.ts';
import { hourUs } from './grains.ts';
import { hourToLines, joinParts, type HourRows, type RollupLines } from './roll-up-hour.ts';
import { RolledBefore, type CountsBefore } from './rolled-before.ts';
import { hourOf, type RolledHours } from './rolled-hours.ts';

/** An hour is rolled up when it has been over for so long: most of what comes late has come by then. */
export const settleUs = 600_000_000;

/** Parts in which an hour of very many readings is read. */
const hourParts = 12;

/** What a piece of work came to. */
export type RollOutcome =
  { readonly kind: 'rolled' | 'nothing' } | { readonly kind: 'failed'; readonly failure: SinkFailure };

/**
 * Rolls hours up: reads what InfluxDB holds of one stream in one hour, and writes its minutes and its hour. The same points
 * each time, so that a repetition after a crash, or for readings that came late, replaces them. Where rollups may be all that is left of
 * readings, a window that counts more than is to be written now stays.
 */
export class InfluxRollups {
  readonly #http: InfluxHttp;
  readonly #queries: InfluxQueries;
  readonly #before: RolledBefore;
  readonly #mayHoldMore: () => boolean;

  /** `mayHoldMore`: whether rollups may hold readings that InfluxDB has no more, which nobody took out of it by hand. */
  constructor(http: InfluxHttp, queries: InfluxQueries, mayHoldMore: () => boolean) {
    this.#http = http;
    this.#queries = queries;
    this.#mayHoldMore = mayHoldMore;
    this.#before = new RolledBefore(queries);
  }

  /** Rolls the next hour of the stream up, where one is due at `nowUs`. Rejects where InfluxDB does not answer a question. */
  async rollNext(entry: CatalogEntry, rolled: RolledHours, nowUs: number): Promise<RollOutcome> {
    const stream = streamName(entry.device, entry.sensor, entry.quantity);
    const staleUs = rolled.stale(stream);
    if (staleUs !== undefined) {
      const { outcome } = await this.#roll(entry, staleUs);
      if (outcome.kind === 'rolled') rolled.refreshed(stream, staleUs);
      return outcome;
    }
    const dueUs = hourOf(nowUs - settleUs);
    const untilUs = rolled.untilUs(stream);
    if (untilUs !== undefined && untilUs >= dueUs) return { kind: 'nothing' };
    const firstUs = await this.#source(entry, untilUs ?? 0, dueUs).firstTime();
    if (firstUs === undefined) {
      rolled.advanced(stream, dueUs, 0);
      return { kind: 'nothing' };
    }
    const startUs = hourOf(firstUs);
    const { outcome, rows } = await this.#roll(entry, startUs);
    if (outcome.kind === 'rolled') rolled.advanced(stream, startUs + hourUs, rows);
    return outcome;
  }

  async #roll(entry: CatalogEntry, startUs: number): Promise<{ outcome: RollOutcome; rows: number }> {
    const rows = await this.#rowsOf(entry, startUs);
    const before = this.#mayHoldMore() ? await this.#before.countsOf(entry, startUs) : undefined;
    for (const rollup of hourToLines(entry, rows)) {
      const lines = notLess(rollup, before);
      if (lines.length === 0) continue;
      const reply = await this.#http.write(Buffer.from(lines.join('\n')), rollup.grain.policy);
      // Beyond the retention of the rollup: it would not be asked for either.
      if (reply.kind === 'stored' || reply.kind === 'some-refused') continue;
      return { outcome: { kind: 'failed', failure: failureOf(reply, this.#http.subject) }, rows: 0 };
    }
    this.#before.rolled(entry, startUs);
    return { outcome: { kind: 'rolled' }, rows: rows.t.length + rows.windows.start.length };
  }

  /** An hour that is more than one answer may hold is read in parts. Rejects with TooManyRows where a part is, too. */
  async #rowsOf(entry: CatalogEntry, startUs: number): Promise<HourRows> {
    try {
      return await this.#source(entry, startUs, startUs + hourUs).allRows();
    } catch (error) {
      if (!(error instanceof TooManyRows)) throw error;
    }
    const parts: HourRows[] = [];
    for (let fromUs = startUs; fromUs < startUs + hourUs; fromUs += hourUs / hourParts) {
      parts.push(await this.#source(entry, fromUs, fromUs + hourUs / hourParts).allRows());
    }
    return joinParts(parts);
  }

  #source({ device, sensor, quantity, ...entry }: CatalogEntry, fromUs: number, toUs: number): PointSource {
    const range = { device, sensor, quantity, fromUs, toUs };
    return new PointSource(this.#queries, range, { device, sensor, quantity, ...entry });
  }
}

/** The lines of windows that count no less than what stands there. */
function notLess({ grain, windows, lines }: RollupLines, before: CountsBefore | undefined): string[] {
  const counts = before?.get(grain.name);
  return lines.filter((_, at) => windows.count[at]! >= (counts?.get(windows.start[at]!) ?? 0));
}

function failureOf(
  reply: { kind: string; reason?: string; failure?: SinkFailure },
  subject: string,
): SinkFailure {
  return (
    reply.failure ?? {
      code: 'INFLUX_OVERLOADED',
      subject,
      detail: reply.reason ?? `A rollup: ${reply.kind}.`,
    }
  );
}
