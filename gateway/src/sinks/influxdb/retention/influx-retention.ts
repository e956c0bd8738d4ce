import { FieldlineError, streamName, type StreamName } from '@fieldline/protocol';
import type { InfluxHttp } from '../influx-http.ts';
import type { InfluxQueries } from '../influx-queries.ts';
import { influxGrains, type RollupKeepUs } from '../rollups/grains.ts';
import type { LackingHour, RolledHours } from '../rollups/rolled-hours.ts';
import { newestValues, rolledCounts, storedCounts, type NewestValue } from '../store-inventory.ts';
import type { CatalogEntry } from '../stream-catalog.ts';
import { foreignPoints } from './foreign-points.ts';
import type { HeldReason } from './held-turns.ts';
import type { Dropping, RetiredStream } from './retired-readings.ts';
import { defaultShards, shortenShards, spansOf, type ShardSpan } from './shard-spans.ts';
import { stayingPoints, type StayingLimits } from './staying-points.ts';
import { refusalOf, writeBack } from './write-back.ts';

/** How much time one count asks about: a count of everything may take longer than a question may. */
const countPartUs = 86_400_000_000;

/** What retention works with. */
export interface RetentionParts {
  readonly http: InfluxHttp;
  readonly queries: InfluxQueries;
  readonly database: string;
  readonly keepUs: RollupKeepUs;
  /** Default: `stayingLimits`. */
  readonly staying?: StayingLimits;
}

/** What is known of streams where a step is prepared. */
export interface RetentionView {
  readonly entries: readonly CatalogEntry[];
  readonly rolled: RolledHours;
  /** What ages count to, µs UTC. */
  readonly nowUs: number;
}

/** A step that is worked out: what is to be dropped, or why not now. */
export type Preparation =
  | { readonly kind: 'ready'; readonly dropping: Dropping }
  /** Somebody has to do something, or an hour is rolled up again. */
  | { readonly kind: 'held'; readonly cause: HeldReason; readonly reason: string };

/**
 * Drops readings that are older than they are kept, whole shards at a time: a `DELETE` of 1.x knows no retention policy and would take
 * rollups along. What InfluxDB counts in the shards, and what stays of it, is worked out and made durable first, so that each part of
 * the drop may be repeated after a crash:
 *
 * ```
 * rolled up? ─► count ─► rollups count the same? ─► read what stays ─► may it be written? ─► [durable] ─► DROP SHARD ─► write what stays ─► [durable]
 * ```
 */
export class InfluxRetention {
  readonly #parts: RetentionParts;
  /** How often InfluxDB refused what stays. */
  refusals = 0;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** Makes new shards short enough for readings that are kept so long. Rejects as `ask` does. */
  async shorten(keepUs: number): Promise<void> {
    await shortenShards(this.#parts.queries, this.#parts.database, keepUs);
  }

  /** The oldest stretch of shards that ends after `afterUs` and not after `beforeUs`; undefined where there is none. */
  async next(afterUs: number, beforeUs: number): Promise<ShardSpan | undefined> {
    const spans = spansOf(await defaultShards(this.#parts.queries, this.#parts.database));
    const [oldest] = spans.filter(({ toUs }) => toUs > afterUs);
    return oldest && oldest.toUs <= beforeUs ? oldest : undefined;
  }

  /**
   * Works out what goes with a stretch of shards that is rolled up. Nothing may be written into it meanwhile. Rejects as `ask` does.
   */
  async prepare(span: ShardSpan, view: RetentionView): Promise<Preparation> {
    const { entries, rolled } = view;
    const foreign = await foreignPoints(this.#parts.queries, entries, span);
    if (foreign !== undefined) {
      const reason = `No sensor of the gateway wrote ${foreign}: it would go with the readings. Give it a retention policy of its own`;
      return { kind: 'held', cause: 'foreign-points', reason };
    }
    const { queries } = this.#parts;
    const counted = await this.#counted(span, entries);
    const lacking = await this.#lacking(span, view, counted);
    if (lacking !== undefined) {
      rolled.touched(lacking, span.fromUs, span.toUs - 1);
      const reason = `Rollups lack readings of ${lacking}; its hours are rolled up again`;
      return { kind: 'held', cause: 'rollups-lack-readings', reason };
    }
    const staying = await stayingPoints(queries, entries, span, this.#parts.staying);
    if (staying.kind === 'held') return { ...staying, cause: 'stays-too-much' };
    const { lines, counts } = staying;
    const refusal = await this.#refusal(lines);
    if (refusal !== undefined) return { kind: 'held', cause: 'stays-refused', reason: refusal };
    const newest = await newestValues(queries, entries, span);
    const removed = [...counted]
      .map(([stream, count]): [string, RetiredStream] => [
        stream,
        retiredOf(count - (counts.get(stream) ?? 0), newest.get(stream)),
      ])
      .filter(([, { readings }]) => readings > 0);
    const dropping = {
      ...span,
      counted: Object.fromEntries([...counted].filter(([, count]) => count > 0)),
      removed: Object.fromEntries(removed),
      staying: lines,
    };
    return { kind: 'ready', dropping };
  }

  /**
   * Drops the shards and writes again what stays; may be repeated. Rejects where InfluxDB does not do it now, or refuses a line that
   * stood there: then the step is not at its end, and what stays is still in the state file.
   */
  async carryOut({ fromUs, toUs, staying }: Dropping): Promise<void> {
    const { queries, database, http } = this.#parts;
    const shards = await defaultShards(queries, database);
    for (const shard of shards) {
      if (shard.fromUs >= fromUs && shard.toUs <= toUs) await queries.ask(`DROP SHARD ${shard.id}`);
    }
    const refused = await writeBack(http, staying);
    if (!refused) return;
    this.refusals += 1;
    const detail = `It stood in a shard that is dropped, and is kept in the state file until InfluxDB takes it: ${refusalOf(refused)}`;
    throw new FieldlineError('INFLUX_REJECTED_POINT', { subject: http.subject, detail });
  }

  /** Why what stays could not be written again. Writing points over themselves changes nothing. */
  async #refusal(staying: string): Promise<string | undefined> {
    const refused = await writeBack(this.#parts.http, staying);
    if (!refused) return undefined;
    this.refusals += 1;
    const remedy =
      'Raise its `max-body-size`, or take the duration from the policy of readings, as the reason says';
    return `InfluxDB refuses again what must stay of them, ${refusalOf(refused)}. ${remedy}`;
  }

  async #counted(
    { fromUs, toUs }: ShardSpan,
    entries: readonly CatalogEntry[],
  ): Promise<Map<StreamName, number>> {
    const counted = new Map<StreamName, number>();
    for (let partUs = fromUs; partUs < toUs; partUs += countPartUs) {
      const part = { fromUs: partUs, toUs: Math.min(partUs + countPartUs, toUs) };
      const counts = await storedCounts(this.#parts.queries, entries, part);
      for (const [stream, count] of counts) counted.set(stream, (counted.get(stream) ?? 0) + count);
    }
    return counted;
  }

  /** A stream of which a rollup that must hold it all holds less. */
  async #lacking(
    span: ShardSpan,
    { entries, nowUs }: RetentionView,
    counted: ReadonlyMap<StreamName, number>,
  ): Promise<StreamName | undefined> {
    const { queries, keepUs } = this.#parts;
    for (const { name, policy } of influxGrains) {
      // Where the rollup has gone by its own age, nobody expects it.
      if (span.fromUs < nowUs - keepUs[name]) continue;
      const rolled = await rolledCounts(queries, entries, { policy, ...span });
      const lacking = [...counted].find(([stream, count]) => (rolled.get(stream) ?? 0) < count);
      if (lacking) return lacking[0];
    }
    return undefined;
  }
}

/** The stream with the oldest hour before `untilUs` that rollups do not hold, and the hour; undefined where there is none. */
export function notRolledUp(
  untilUs: number,
  { entries, rolled }: Omit<RetentionView, 'nowUs'>,
): { stream: StreamName; hour: LackingHour } | undefined {
  let oldest: { stream: StreamName; hour: LackingHour } | undefined;
  for (const { device, sensor, quantity } of entries) {
    const stream = streamName(device, sensor, quantity);
    const hour = rolled.lacking(stream, untilUs);
    if (hour && (!oldest || (hour.startUs ?? -Infinity) < (oldest.hour.startUs ?? -Infinity)))
      oldest = { stream, hour };
  }
  return oldest;
}

function retiredOf(readings: number, newest: NewestValue | undefined): RetiredStream {
  return { readings: Math.max(0, readings), lastT: newest?.t ?? null, lastValue: newest?.value ?? null };
}
