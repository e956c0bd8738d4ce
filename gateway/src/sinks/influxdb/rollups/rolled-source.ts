import type { RollupChoice, SeriesSource } from '../../../query/answer-query.ts';
import type { BucketSeries } from '../../../query/bucket-series.ts';
import { queryLimits, type Gap, type RawReadings, type StoredWindows } from '../../../query/store.ts';
import { PointSource, type PointRange } from '../point-source.ts';
import type { InfluxQueries } from '../influx-queries.ts';
import type { CatalogEntry } from '../stream-catalog.ts';
import { hourUs, influxGrains, type InfluxGrain, type RollupKeepUs } from './grains.ts';
import type { RolledHours } from './rolled-hours.ts';

/** Parts of a range that are read one by one; with more of them everything is read from the readings. */
const partsMax = 32;

/** What a source is made from. */
export interface RolledSourceParts {
  readonly queries: InfluxQueries;
  readonly range: PointRange;
  readonly entry: CatalogEntry;
  readonly rolled: RolledHours;
  readonly stream: string;
  readonly keepUs: RollupKeepUs;
  readonly nowUs: number;
}

interface Plan {
  readonly grain: InfluxGrain;
  readonly whole: readonly [fromUs: number, toUs: number][];
  readonly rest: readonly [fromUs: number, toUs: number][];
}

/**
 * One stream's points, from rollups where hours are rolled up and buckets are made of whole minutes or hours; from the points
 * themselves at the edges, for hours that have had readings since, and where all of it is few.
 */
export class RolledSource implements SeriesSource {
  readonly unit: string;
  readonly rollups: RollupChoice;
  readonly #parts: RolledSourceParts;
  readonly #points: PointSource;
  #plan: Plan | undefined;

  constructor(parts: RolledSourceParts) {
    this.#parts = parts;
    this.#points = new PointSource(parts.queries, parts.range, parts.entry);
    this.unit = this.#points.unit;
    this.rollups = {
      // InfluxDB keeps the readings themselves.
      shortestUs: () => 0,
      choose: (lengthUs, exact) => {
        this.#plan = exact ? undefined : this.#planFor(lengthUs);
        return this.#plan?.grain.lengthUs ?? 0;
      },
    };
  }

  windowKinds(): Promise<string[]> {
    return this.#points.windowKinds();
  }

  firstReadings(limit: number): Promise<RawReadings> {
    return this.#points.firstReadings(limit);
  }

  firstWindows(limit: number): Promise<StoredWindows> {
    return this.#points.firstWindows(limit);
  }

  gaps(): Promise<Gap[]> {
    return this.#points.gaps();
  }

  async addWindows(series: BucketSeries): Promise<void> {
    const plan = this.#plan;
    if (!plan) return await this.#points.addWindows(series);
    for (const [fromUs, toUs] of plan.whole) {
      await this.#part(fromUs, toUs).addRollup(series, plan.grain.policy);
    }
    for (const [fromUs, toUs] of plan.rest) await this.#part(fromUs, toUs).addWindows(series);
  }

  async addReadings(series: BucketSeries): Promise<void> {
    const plan = this.#plan;
    if (!plan) return await this.#points.addReadings(series);
    for (const [fromUs, toUs] of plan.rest) await this.#part(fromUs, toUs).addReadings(series);
  }

  #part(fromUs: number, toUs: number): PointSource {
    const { queries, range, entry } = this.#parts;
    return new PointSource(queries, { ...range, fromUs, toUs }, entry);
  }

  #planFor(lengthUs: number): Plan | undefined {
    const { range, rolled, stream, keepUs, nowUs } = this.#parts;
    const grain = influxGrains.findLast((each) => lengthUs % each.lengthUs === 0);
    if (!grain) return undefined;
    const fromUs = Math.ceil(Math.max(range.fromUs, nowUs - keepUs[grain.name]) / hourUs) * hourUs;
    const whole = rolled.whole(stream, fromUs, Math.floor(range.toUs / hourUs) * hourUs);
    const hours = whole.reduce((sum, [startUs, endUs]) => sum + (endUs - startUs), 0) / hourUs;
    const isFew = rolled.rowsAnHour(stream) * hours <= queryLimits.exactRowsMax;
    if (isFew || whole.length > partsMax) return undefined;
    return { grain, whole, rest: between(whole, range) };
  }
}

/** What of the range the parts leave. */
function between(
  whole: readonly [fromUs: number, toUs: number][],
  { fromUs, toUs }: PointRange,
): [fromUs: number, toUs: number][] {
  const rest: [number, number][] = [];
  let startUs = fromUs;
  for (const [partUs, endUs] of whole) {
    if (startUs < partUs) rest.push([startUs, partUs]);
    startUs = endUs;
  }
  if (startUs < toUs) rest.push([startUs, toUs]);
  return rest;
}
